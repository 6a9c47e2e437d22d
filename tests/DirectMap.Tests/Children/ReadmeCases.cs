namespace DirectMap.Tests.Children;

/// <summary>The README's example, word for word; ReadmeTests compares them.</summary>
internal static class ReadmeCases
{
    /// <summary>Argument: the folder to run in.</summary>
    internal static int Example(string[] arguments)
    {
        Directory.SetCurrentDirectory(arguments[0]);
        ExampleAsync().GetAwaiter().GetResult();
        byte[] content = File.ReadAllBytes("orders.pmem");
        return content[0] == 42 && content[100] == 1 && content[4096] == 7 && content[8191] == 7 && content[8192] == 0 ? 0 : 1;
    }

    private static async Task ExampleAsync()
    {
        // begin
        using DirectFile file = DirectFile.Create("orders.pmem", length: 16 << 20); // must not exist; every block is written
        await using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with
        {
            OnBreak = (self, why) => { self.Persist(); self.Dispose(); }, // somebody wants the file: let go, or be revoked at the deadline
        });

        region.Write(0, 42L);                  // checked: bounds, lease
        region.Persist(0, sizeof(long));       // durable as region.Durability says; throws when it is not
        using (RegionScope scope = region.Acquire(offset: 4096, length: 4096))
        {
            scope.Span.Fill(7);                // a span at the speed of memory; the compiler keeps it inside the using
            scope.Complete();                  // throws if the region was revoked meanwhile
        }

        using DirectFile other = DirectFile.Open("orders.pmem");     // another owner of the same file
        await other.WriteAsync(new byte[] { 1, 2, 3 }, offset: 100); // waits for the holder
        // end
    }

    /// <summary>The example of docs/leases.md. Argument: the folder to run in.</summary>
    internal static int Leases(string[] arguments)
    {
        Directory.SetCurrentDirectory(arguments[0]);
        LeasesAsync().GetAwaiter().GetResult();
        byte[] content = File.ReadAllBytes("ledger.pmem");
        return content.Length == 2 << 20 && content[1 << 20] == 4 && content[65536] == 0 ? 0 : 1;
    }

    private static async Task LeasesAsync()
    {
        // begin leases
        using DirectFile file = DirectFile.Create("ledger.pmem", length: 1 << 20);
        using DirectFile other = DirectFile.Open("ledger.pmem");     // another owner

        // Freeze: nobody else changes the layout while this is held. No mapping, no DAX needed.
        using (ILayoutLease frozen = file.AcquireLease(new LeaseOptions { Range = new FileRange(0, 65536) }))
        {
            other.Write([1, 2, 3], offset: 65536);                   // beside the range: breaks nothing
            Console.WriteLine(file.GetLeases()[0]);                  // Active Shared lease of ... on [0, 65536) ...

            // Exclusive: others do not break it, and do not wait; they get ETXTBSY.
            frozen.Upgrade();
            try
            {
                other.SetLength(100);
            }
            catch (LeaseConflictException conflict) when (conflict.Conflict == LeaseConflict.ExclusivelyHeld)
            {
                Console.WriteLine(conflict.Message);
            }
        }

        // The right to make several operations, as one: no lease is granted in between, and nobody else's operation comes in.
        await using (ILayoutBreak right = await other.BreakLayoutAsync(FileRange.Whole, new BreakOptions { Timeout = TimeSpan.FromSeconds(60) }))
        {
            other.SetLength(0);
            other.SetLength(2 << 20);
            other.Write(new byte[2 << 20], offset: 0);
        }

        // A region whose lease covers only what it maps.
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Length = 65536, LeaseScope = LeaseScope.MappedRange });
        other.Write([4], offset: 1 << 20);                           // goes on at once
        // end
    }

    /// <summary>The example of docs/layout.md. Argument: the folder to run in.</summary>
    internal static int Layout(string[] arguments)
    {
        Directory.SetCurrentDirectory(arguments[0]);
        StringWriter said = new();
        Console.SetOut(said);
        UseLayout();
        string[] expected = ["Flags = Hole", "1048576 allocated", "store through a mapping"];
        return expected.All(text => said.ToString().Contains(text, StringComparison.Ordinal)) && File.ReadAllBytes("import.dat")[0] == 1 ? 0 : 1;
    }

    private static void UseLayout()
    {
        // begin layout
        // A file as it comes: sparse, or with unwritten or shared blocks.
        using (FileStream sparse = File.Create("import.dat"))
        {
            sparse.SetLength(1 << 20);
        }

        using DirectFile file = DirectFile.Open("import.dat");
        foreach (Extent extent in file.GetExtents())                 // FIEMAP, or SEEK_HOLE where there is none
        {
            Console.WriteLine(extent);                               // Extent { Offset = 0, Length = 1048576, ..., Flags = Hole }
        }

        try
        {
            file.Map(MapOptions.DirectOrEmulated);                   // a store would make the file system allocate
        }
        catch (MapRefusedException refused) when (refused.Reason == RefusalReason.Hole)
        {
            Console.WriteLine(file.Prepare());                       // ... 1048576 allocated ...
        }

        // Fit for it now. FrozenLayout asks only for a block map that stays as it is, not for persistent memory.
        // EmulatePersistentMemory lets file systems pass that nobody can judge, such as a container's overlayfs.
        using (MappedRegion region = file.Map(MapOptions.FrozenLayout with { EmulatePersistentMemory = true }))
        {
            region.Write(0, 42L);
            region.Persist(0, 8);
        }

        // An ordinary mapping: no lease, nothing refused. Checked at access, so that its stores ask before they allocate.
        file.PunchHole(0, 65536);
        using MappedRegion ordinary = file.Map(MapOptions.Ordinary with { FaultCheck = FaultCheck.AtAccess });
        using DirectFile other = DirectFile.Open("import.dat");      // another owner
        using (MappedRegion direct = other.Map(MapOptions.DirectOrEmulated with { Offset = 65536 }))
        {
            try
            {
                ordinary.Write(0, 1L);                               // a hole, and somebody else counts on the layout
            }
            catch (MappingFaultException fault) when (fault.Cause == FaultCause.LayoutLeased)
            {
                Console.WriteLine(fault.Message);                    // direct's break has begun; the store was not made
            }
        }

        ordinary.Write(0, 1L);                                       // nobody minds any more
        // end
    }
}
