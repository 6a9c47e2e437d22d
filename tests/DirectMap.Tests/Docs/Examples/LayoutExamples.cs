namespace DirectMap.Tests.Docs.Examples;

internal static class LayoutExamples
{
    [Example]
    internal static void Refusal()
    {
        // begin Refusal
        File.Delete("import.dat");
        using DirectFile file = DirectFile.Create("import.dat", length: 65536);
        // grows it: as most files that were not made by Create, it has a hole now
        file.SetLength(1 << 20);
        foreach (Extent extent in file.GetExtents())
        {
            Console.WriteLine($"{extent.Offset} to {extent.End}: {extent.Flags}");
        }

        try
        {
            file.Map(MapOptions.DirectOrEmulated);                    // a store would make the file system allocate
        }
        catch (MapRefusedException refused)
        {
            Console.WriteLine(refused.Reason);
            Console.WriteLine(file.Prepare());                        // gives every byte a written block
        }

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        // end
    }

    [Example]
    internal static void Asked()
    {
        // begin Asked
        File.Delete("import.dat");
        using DirectFile file = DirectFile.Create("import.dat", length: 65536);
        file.SetLength(1 << 20);

        using MappedRegion? refused = TryMap(file);
        file.Prepare();
        using MappedRegion? mapped = TryMap(file);
        Console.WriteLine(mapped?.Length);

        static MappedRegion? TryMap(DirectFile file)
        {
            MapProbe probe = file.Probe();
            if (!probe.IsMappable)
            {
                Console.WriteLine($"{probe.Reason}, {probe.Refusal.GetType().Name}");
                return null;
            }

            return file.Map();                                        // can still throw: the file may have changed since
        }
        // end
    }

    [Example]
    internal static void Frozen()
    {
        // begin Frozen
        File.Delete("table.dat");
        using DirectFile file = DirectFile.Create("table.dat", length: 1 << 20);

        // DirectOrEmulated lets file systems pass that nobody can judge, such as a container's overlayfs.
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 42L);
        region.Persist(0, sizeof(long));
        // end
    }

    // begin SmallOnly
    internal sealed class SmallOnly : IFaultPolicy
    {
        public PolicyDecision EvaluateFile(in FileFacts file) => PolicyDecision.Allow;

        public PolicyDecision EvaluateExtent(in FileFacts file, in Extent extent, MappingAccess access) =>
            extent.Length <= 1 << 20 ? PolicyDecision.Allow : PolicyDecision.Refuse(RefusalReason.Custom, "no extent over 1 MiB");
    }
    // end

    [Example]
    internal static void OwnPolicy()
    {
        // begin OwnPolicy
        EmulatedBlockMap map = new(length: 2 << 20);                  // one written extent, whatever the file has
        DirectFileOptions options = new()
        {
            FaultPolicy = FaultPolicies.All(FaultPolicies.Strict, new SmallOnly()),
            BlockMap = map,
        };

        File.Delete("table.dat");
        using DirectFile file = DirectFile.Create("table.dat", length: 2 << 20, options);
        Console.WriteLine(file.Probe().Reason);

        map.Set(new FileRange(1 << 20, 4096), ExtentFlags.Unwritten);
        Console.WriteLine(file.Probe().Reason);
        // end
    }

    [Example]
    internal static void AtAccess()
    {
        // begin AtAccess
        File.Delete("import.dat");
        using DirectFile file = DirectFile.Create("import.dat", length: 1 << 20);
        file.PunchHole(0, 65536);
        using MappedRegion ordinary = file.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });

        using DirectFile other = DirectFile.Open("import.dat");       // somebody else counts on the layout
        using MappedRegion direct = other.Map(
            MapOptions.DirectOrEmulated with { Range = FileRange.From(65536), OnBreak = (self, why) => self.Dispose() });

        for (bool isDone = false; !isDone;)
        {
            try
            {
                ordinary.Write(0, 1L);                                // a hole: the store would allocate
                isDone = true;
            }
            catch (MappingFaultException fault) when (fault.Cause == FaultCause.LayoutLeased)
            {
                Thread.Yield();                                       // the store was not made; direct's break has begun
            }
        }
        // end

        Assert.Equal(1, ordinary.Read<long>(0));
        Assert.Equal(RegionState.Disposed, direct.State);
    }

    [Example]
    internal static void Prepared()
    {
        // begin Prepared
        File.Delete("import.dat");
        using DirectFile file = DirectFile.Create("import.dat", length: 65536);
        file.SetLength(100_000);
        PrepareReport report = file.Prepare(
            new PrepareOptions { Progress = new Progress<PrepareProgress>(done => Console.Error.WriteLine(done)) });
        Console.WriteLine(report.AlreadyWritten + report.Allocated + report.Converted + report.Unshared + report.Relocated);
        // end
    }

    [Example]
    internal static void Clone()
    {
        // begin Clone
        File.Delete("data.pmem");
        File.Delete("copy.pmem");
        using DirectFile source = DirectFile.Create("data.pmem", length: 1 << 20);
        using DirectFile copy = DirectFile.Create("copy.pmem", length: 1 << 20);
        source.Write([42], fileOffset: 0);
        try
        {
            copy.CloneFrom(source);                                   // XFS, btrfs: shares the blocks, takes no time and no space
        }
        catch (NotSupportedException)
        {
            copy.CopyFrom(source, sourceOffset: 0, offset: 0, length: source.Length); // ext4, tmpfs: copies
        }

        copy.Prepare();                                               // blocks of its own again, where they were shared
        using MappedRegion region = copy.Map(MapOptions.DirectOrEmulated);
        Console.WriteLine(region.Read<byte>(0));
        // end
    }
}
