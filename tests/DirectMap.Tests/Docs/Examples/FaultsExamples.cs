namespace DirectMap.Tests.Docs.Examples;

internal static class FaultsExamples
{
    [Example]
    internal static void Caught()
    {
        // begin Caught
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromSeconds(1) });
        DirectFileOptions options = new() { Coordinator = coordinator };

        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using DirectFile other = DirectFile.Open("orders.pmem", options);
        other.SetLength(4096);                        // nobody lets go: revoked after a second

        try
        {
            region.Read<long>(8192);                  // with any other mapping: the end of the process
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Access}, {fault.Range}, {fault.Break!.Operation}");
        }
        // end
    }

    [Example]
    internal static void InScope()
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromSeconds(1) });
        DirectFileOptions options = new() { Coordinator = coordinator };
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using DirectFile other = DirectFile.Open("orders.pmem", options);

        // begin InScope
        try
        {
            using RegionScope scope = region.Acquire(offset: 0, length: 65536);
            scope.Span.Fill(7);
            other.SetLength(4096);                    // as somebody else would, meanwhile
            scope.Span.Fill(8);                       // goes nowhere, and harms nobody
            scope.Complete();                         // says so
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Access}, {fault.Range}");
        }
        // end
    }

    [Example(TmpfsKibibytes = 1024)]
    internal static void NoSpaceForAFile()
    {
        // begin NoSpaceForAFile
        try
        {
            DirectFile.Create("big.pmem", length: 64 << 20);
        }
        catch (IOException full)
        {
            Console.WriteLine($"{full.HResult}, {File.Exists("big.pmem")}"); // ENOSPC is 28; nothing is left behind
        }
        // end
    }

    [Example(TmpfsKibibytes = 1024)]
    internal static void FullDisk()
    {
        // begin FullDisk
        using (FileStream sparse = File.Create("big.dat"))
        {
            sparse.SetLength(64 << 20);               // more than the disk has
        }

        using DirectFile file = DirectFile.Open("big.dat");
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultCheck = FaultCheck.AtAccess });
        try
        {
            for (long offset = 0; offset < region.Length; offset += 4096)
            {
                region.Write(offset, 1L);
            }
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine(fault.Cause);           // the store that found no space was not made
        }
        // end
    }

    [Example]
    internal static async Task Retry()
    {
        // begin Retry
        File.Delete("shared.dat");
        using DirectFile file = DirectFile.Create("shared.dat", length: 1 << 20);
        file.PunchHole(0, 65536);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultCheck = FaultCheck.AtAccess });

        using DirectFile other = DirectFile.Open("shared.dat");
        using ILayoutLease lease = other.AcquireLease(new LeaseOptions { OnBreak = (self, why) => self.Dispose() });

        await WriteWhenAllowedAsync(region, 0, 42L);
        Console.WriteLine(region.Read<long>(0));

        static async Task WriteWhenAllowedAsync(MappedRegion region, long offset, long value)
        {
            while (true)
            {
                try
                {
                    region.Write(offset, value);
                    return;
                }
                catch (MappingFaultException fault) when (fault.Cause == FaultCause.LayoutLeased)
                {
                    await Task.Delay(10);             // the store was not made; the holder has been told, and has until the deadline
                }
            }
        }
        // end
    }

    [Example(EndsTheProcess = true)]
    internal static void Outside()
    {
        // begin Outside
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(0);                     // not through this library: breaks no lease
        }

        try
        {
            region.Read<long>(8192);
        }
        catch (Exception)
        {
            Console.WriteLine("never comes here");
        }
        // end
    }

    [Example]
    internal static void PersistNotices()
    {
        // begin PersistNotices
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(8192, 42L);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(0);
        }

        try
        {
            region.Persist(8192, sizeof(long));
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine(fault.Cause);
        }
        // end
    }

    [Example]
    internal static void NotJudgedYet()
    {
        // begin NotJudgedYet
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultCheck = FaultCheck.AtAccess });
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(0);
        }

        try
        {
            region.Read<long>(8192);
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine(fault.Cause);
        }
        // end
    }

    [Example]
    internal static void ReadInstead()
    {
        // begin ReadInstead
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(100);
        }

        byte[] buffer = new byte[4096];
        int count = file.Read(buffer, offset: 0);     // pread: fewer bytes, never a fault
        Console.WriteLine(count);
        // end
    }
}
