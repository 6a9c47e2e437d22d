using DirectMap.Inodes;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Cases that count what the whole process holds.</summary>
internal static class LeakCases
{
    /// <summary>Every way a region, a file and an attempt can end; afterwards nothing of the folder is held. Argument: folder.</summary>
    internal static int EveryWayToEnd(string[] arguments)
    {
        string folder = arguments[0];
        for (int i = 0; i < 100; i++)
        {
            OneOfEach(Path.Combine(folder, $"file-{i}"));
        }

        // A callback that has run is known to who looks for late ones until the next look, some 10 ms later, and its region with it.
        Soon.Until(() => Holds(folder, "descriptors 0, mappings 0, words 0, replaced ranges 0, inodes 0") == 0, "nothing is left");
        return 0;
    }

    /// <summary>What is held is counted, each kind with a number of its own. Argument: folder.</summary>
    internal static int WhatIsHeld(string[] arguments)
    {
        string folder = arguments[0];
        string[] names = ["one", "two", "three"];
        DirectFile[] files = [.. names.Select(name => DirectFile.Create(Path.Combine(folder, name), 64 << 10))];
        List<MappedRegion> regions = [];
        for (int i = 0; i < 9; i++)
        {
            regions.Add(files[i % files.Length].Map(MapOptions.DirectOrEmulated));
        }

        regions.GetRange(0, 4).ForEach(region => region.Dispose());
        int exitCode = Holds(folder, "descriptors 3, mappings 5, words 9, replaced ranges 4, inodes 3");
        GC.KeepAlive(regions);
        Array.ForEach(files, file => file.Dispose());
        return exitCode;
    }

    private static int Holds(string folder, string expected)
    {
        ProcSelf.CollectGarbage();
        string held = $"descriptors {ProcSelf.DescriptorsOf(folder)}, mappings {ProcSelf.MappingsOf(folder)}, words {RegionMapping.Alive}, "
            + $"replaced ranges {ReplacedRanges.Count}, inodes {InodeTable.Count}";
        Console.WriteLine(held);
        return held == expected ? 0 : 1;
    }

    /// <summary>
    /// Disposed regions that are dropped never add up; those that are kept end in a clear error, and dropping them mends
    /// it. Argument: folder.
    /// </summary>
    internal static int RegionsAddUp(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(Path.Combine(arguments[0], "file"), 4096);
        int limit = int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), System.Globalization.CultureInfo.InvariantCulture) / 2;
        for (int i = 0; i < limit + 1000; i++)
        {
            file.Map(MapOptions.DirectOrEmulated).Dispose();
        }

        if (KeepUntilRefused(file, limit) is not { } refused)
        {
            Console.WriteLine("never refused");
            return 1;
        }

        Console.WriteLine(refused.Message);
        file.Map(MapOptions.DirectOrEmulated).Dispose();
        return 0;
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static InvalidOperationException? KeepUntilRefused(DirectFile file, int limit)
    {
        List<MappedRegion> kept = [];
        try
        {
            for (int i = 0; i <= limit; i++)
            {
                MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
                region.Dispose();
                kept.Add(region);
            }

            return null;
        }
        catch (InvalidOperationException exception)
        {
            GC.KeepAlive(kept);
            return exception;
        }
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static void OneOfEach(string path)
    {
        ManualTimeProvider clock = new();
        DirectFileOptions options = new() { Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { TimeProvider = clock }) };
        using DirectFile file = DirectFile.Create(path, 64 << 10, options);
        using DirectFile other = DirectFile.Open(path, options);
        MappedRegion disposed = file.Map(MapOptions.DirectOrEmulated);
        MappedRegion released = other.Map(
            MapOptions.DirectOrEmulated with { Access = MappingAccess.Read, Range = FileRange.From(Environment.SystemPageSize) });
        disposed.Write(0, 1L);
        disposed.Persist();
        disposed.Dispose();
        released.ReleaseAsync().Wait();

        MappedRegion revoked = file.Map(MapOptions.DirectOrEmulated);
        MappedRegion revokedAndDisposed = file.Map(MapOptions.DirectOrEmulated);
        Task write = other.WriteAsync(new byte[] { 1 }, 0).AsTask();
        Refused(() => file.Map(MapOptions.DirectOrEmulated)); // a break is pending
        Task<MappedRegion> waiting = file.MapAsync(MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait }).AsTask();
        clock.Advance(TimeSpan.FromSeconds(45));
        write.Wait();
        revokedAndDisposed.Dispose();
        waiting.Result.Dispose();

        MappedRegion forgotten = file.Map(MapOptions.DirectOrEmulated);
        forgotten.Lease!.Breaking.Register(forgotten.Dispose);
        DirectFile forgottenFile = DirectFile.Open(path, options with { Access = FileAccess.Read });
        Refused(() => file.Map(MapOptions.Direct));
        file.Probe(MapOptions.Direct);
        file.Probe(MapOptions.DirectOrEmulated);
        Refused(() => DirectFile.OpenAsync(path, options, new CancellationToken(canceled: true)).Wait());
        DirectFile.OpenAsync(path, options).Wait(); // and forgotten
        Refused(() => file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 1 << 20) }));
        Refused(() => DirectFile.Create(path, 4096, options));
        Refused(() => DirectFile.Open(Path.GetDirectoryName(path)!, options));
        Refused(() => DirectFile.Open(path, new DirectFileOptions { Coordinator = new LeaseCoordinator() }));
        Refused(() => file.SetLength(0));
        GC.KeepAlive(revoked);
        GC.KeepAlive(forgottenFile);
    }

    private static void Refused(Action action)
    {
        try
        {
            action();
        }
        catch (Exception)
        {
            return;
        }

        throw new InvalidOperationException("It was to be refused.");
    }
}
