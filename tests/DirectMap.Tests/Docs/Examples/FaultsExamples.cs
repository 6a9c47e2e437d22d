namespace DirectMap.Tests.Docs.Examples;

internal static partial class FaultsExamples
{
    [Example(NeedsNative = true)]
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
            region.Read<long>(8200);
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Access} of {fault.Range}, lost {fault.Lost}");
        }

        Console.WriteLine(region.State);
        // end
    }

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
            region.Read<long>(8192);
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Access}, {fault.Range}, {fault.Break!.Operation}");
        }
        // end
    }

    [Example(NeedsNative = true)]
    internal static void MustBeContained()
    {
        // begin MustBeContained
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Required });
        Console.WriteLine($"{region.Facts.Containment.Value}: {region.Facts.Containment.Reason}");
        // end
    }

    [Example]
    internal static void CopyOut()
    {
        // begin CopyOut
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(0);
        }

        try
        {
            region.CopyTo(8192, new byte[4096]);      // an exception with the native library, and without it
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, lost {fault.Lost}");
        }
        // end
    }

    [Example(EndsTheProcess = true)]
    internal static void NotContained()
    {
        // begin NotContained
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Off });
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(0);
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

    [Example(NeedsNative = true)]
    internal static void ScopeOutside()
    {
        // begin ScopeOutside
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        try
        {
            using RegionScope scope = region.OpenScope(offset: 4096, length: 65536);
            scope.Span.Fill(7);
            using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
            {
                outside.SetLength(8192);              // as another process would, meanwhile
            }

            Console.WriteLine(scope.Span[16384]);     // a zero that is nobody's: the page is lost
            scope.Complete();                         // says so
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Access} of {fault.Range}, lost {fault.Lost}");
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
            using RegionScope scope = region.OpenScope(offset: 0, length: 65536);
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

    [Example(NeedsNative = true)]
    internal static void InMemory()
    {
        // begin InMemory
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using RegionMemory owner = region.GetMemory(offset: 4096, length: 65536); // an IMemoryOwner<byte>: keep it as long as the memory
        Memory<byte> memory = owner.Memory;
        memory.Span.Fill(7);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(8192);
        }

        int sum = 0;
        foreach (byte value in memory.Span)           // the span is asked for once, before a lost page was met
        {
            sum += value;
        }

        try
        {
            owner.Complete();                         // whether the sum may be believed
            Console.WriteLine(sum);
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine($"{fault.Cause}, {fault.Access}");
        }
        // end
    }

    [Example(NeedsNative = true)]
    internal static void PageByPage()
    {
        // begin PageByPage
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultReach = FaultReach.Page });
        region.Write(0, 41L);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(8192);
        }

        foreach (long offset in new long[] { 0, 16384, 20480, 65536 })
        {
            try
            {
                Console.WriteLine(region.Read<long>(offset));
            }
            catch (MappingFaultException fault)
            {
                Console.WriteLine($"{fault.Cause} at {fault.Range.Offset}");
            }
        }

        Console.WriteLine($"{region.State}, lost {string.Join(", ", region.GetLostRanges())}");
        // end
    }

    [Example(NeedsNative = true)]
    internal static void Restore()
    {
        // begin Restore
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 41L);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(4096);                  // not through this library
        }

        try
        {
            region.Write(8192, 42L);
        }
        catch (MappingFaultException fault) when (fault.Lost is not null)
        {
            Console.WriteLine($"{fault.Cause}, {region.State}, lost {string.Join(", ", region.GetLostRanges())}");
        }

        file.SetLength(region.Length);                // 1. mend the cause: as long as it was
        file.Prepare();                               // 2. a direct mapping allows no holes, which is what it grew by
        IReadOnlyList<FileRange> left = region.RestoreLostPages(); // 3. map the file again
        Console.WriteLine($"{region.State}, {left.Count} left");

        region.Write(8192, 42L);                      // 4. what was stored to lost pages is gone: store it again
        region.Persist(8192, sizeof(long));
        Console.WriteLine($"{region.Read<long>(0)}, {region.Read<long>(8192)}");
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
        int count = file.Read(buffer, fileOffset: 0);     // pread: fewer bytes, never a fault
        Console.WriteLine(count);
        // end
    }

    [Example]
    internal static async Task Retry()
    {
        // begin Retry
        File.Delete("shared.dat");
        using DirectFile file = DirectFile.Create("shared.dat", length: 1 << 20);
        file.PunchHole(0, 65536);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });

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

    [Example]
    internal static void MidPage()
    {
        // begin MidPage
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(100);                   // within the first page
        }

        region.Write(200, 42L);                       // beyond the end, and nobody is told
        Console.WriteLine(region.Read<long>(200));
        try
        {
            region.Persist(200, sizeof(long));
        }
        catch (MappingFaultException fault)
        {
            Console.WriteLine(fault.Cause);
        }
        // end
    }

    [Example]
    internal static void KernelAccess()
    {
        // begin KernelAccess
        File.Delete("orders.pmem");
        using DirectFile file = DirectFile.Create("orders.pmem", length: 1 << 20);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        File.WriteAllBytes("source.bin", new byte[4096]);
        using FileStream source = new("source.bin", FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        using RegionScope scope = region.OpenScope(offset: 8192, length: 4096);
        using (FileStream outside = new("orders.pmem", FileMode.Open, FileAccess.Write))
        {
            outside.SetLength(0);
        }

        try
        {
            source.ReadExactly(scope.Span);           // read(2) into a page that is gone
        }
        catch (IOException fault)
        {
            Console.WriteLine(fault.GetType().Name);  // EFAULT: no signal, so the region knows nothing of it
        }
        // end
    }
}
