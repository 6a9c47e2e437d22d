using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks.Pmembench;

/// <summary>
/// pmembench's pmem_flush, on tmpfs: a word of a chunk is incremented, and then the chunk is flushed in one of twelve ways. Chunks as
/// there, but 16,384 of them and not 100,000 for each thread; libpmem2 in place of libpmem, and where libpmem calls msync by itself, the
/// bare call. msync_0 is a persist of no bytes, msync_async is PersistAsync, and what a safe library does not let happen is measured as the
/// exception that it throws (msync_err, msync_invalid).
/// </summary>
public unsafe class PmemFlushBenchmarks
{
    private const int Operations = 512;
    private const long Page = 4096;
    private const long LargePage = 2 << 20;

    private MeasuredFile _mapping = null!;
    private MappedRegion _pages = null!;
    private MappedRegion _closed = null!;
    private DirectFile _file = null!;
    private Crew _crew = null!;

    /// <summary>What is flushed, and how: pmembench's name.</summary>
    [ParamsSource(nameof(OperationNames))]
    public string Operation { get; set; } = "";

    /// <summary>Bytes of a chunk.</summary>
    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    /// <summary>The order of the chunks.</summary>
    [ParamsSource(nameof(Modes))]
    public string Mode { get; set; } = "";

    /// <summary>How many do so at once, each in chunks of its own order.</summary>
    [ParamsSource(nameof(Crews))]
    public int Threads { get; set; }

    public static string[] OperationNames =>
    [
        "noop", "persist", "persist_4K", "persist_2M", "persist_4K_msync_0", "persist_2M_msync_0",
        "msync", "msync_0", "msync_async", "msync_err", "msync_invalid", "msync_nodirty",
    ];

    public static int[] Sizes => Grid.Of(Grid.PmembenchSizes, [64, 4096]);

    public static string[] Modes => Grid.Of(["stat", "seq", "rand"], ["rand"]);

    public static int[] Crews => Grid.Of([1, 2, 4, 8, 16], [1]);

    [GlobalSetup(Target = nameof(DirectMap))]
    public void Setup()
    {
        Map();
        _crew = NewCrew(Ours(Operation));
    }

    [GlobalSetup(Target = nameof(Libpmem))]
    public void SetupPeer()
    {
        Map();
        _crew = NewCrew(Theirs(Operation));
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _crew.Dispose();
        _pages.Dispose();
        _file.Dispose();
        _mapping.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Operations), BenchmarkCategory("pmembench", "Persist")]
    public void DirectMap() => _crew.Run();

    [Benchmark(OperationsPerInvoke = Operations, Baseline = true), BenchmarkCategory("pmembench", "Persist"), NeedsPmem2]
    public void Libpmem() => _crew.Run();

    private void Map()
    {
        // As pmembench does: a whole large page more than the chunks, since the last of them is rounded up to one.
        long length = (((long)Size * Places.Count) + (2 * LargePage) - 1) & ~(LargePage - 1);
        _mapping = MeasuredFile.Create(FileSystemKind.Tmpfs, length, PersistGranularity.CacheLine);
        _file = DirectFile.Open(_mapping.Path);
        _pages = _file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.Page });
        _closed = _file.Map(MapOptions.DirectOrEmulated);
        _closed.Dispose();
    }

    private Crew NewCrew(Action<long> flush)
    {
        byte* start = _mapping.Start;
        return new Crew([.. Enumerable.Range(0, Threads).Select(thread =>
        {
            Places places = new(Mode, Size, start: Places.Count / Threads * thread);
            return (Action)(() =>
            {
                for (int i = 0; i < Operations; i++)
                {
                    long offset = places.Next();
                    ++*(int*)(start + offset); // in bounds and alive: a place is a chunk of the mapping, which lives until the crew is gone
                    flush(offset);
                }
            });
        })]);
    }

    private Action<long> Ours(string operation)
    {
        MappedRegion lines = _mapping.Region;
        MappedRegion pages = _pages;
        int size = Size;
        switch (operation)
        {
            case "noop":
                return Nothing;
            case "persist":
                return offset => lines.Persist(offset, size);
            case "persist_4K":
                return offset => lines.Persist(Down(offset, Page), RoundedUp(offset, size, Page));
            case "persist_2M":
                return offset => lines.Persist(Down(offset, LargePage), RoundedUp(offset, size, LargePage));
            case "persist_4K_msync_0":
                return offset =>
                {
                    lines.Persist(Down(offset, Page), RoundedUp(offset, size, Page));
                    pages.Persist(Down(offset, Page), 0);
                };
            case "persist_2M_msync_0":
                return offset =>
                {
                    lines.Persist(Down(offset, LargePage), RoundedUp(offset, size, LargePage));
                    pages.Persist(Down(offset, LargePage), 0);
                };
            case "msync":
                return offset => pages.Persist(offset, size);
            case "msync_0":
                return offset => pages.Persist(Down(offset, Page), 0);
            case "msync_async":
                return offset => pages.PersistAsync(offset, size).GetAwaiter().GetResult();
            case "msync_err":
                return offset =>
                    Thrown<ArgumentException>(() => lines.PersistFill(offset, size, 0, StoreFlags.Temporal | StoreFlags.NonTemporal));
            case "msync_invalid":
                return offset => Thrown<ObjectDisposedException>(() => _closed.Persist(offset, size));
            default:
                return _ => pages.Persist(pages.Length - Page, Page); // behind the chunks: nobody has stored there
        }
    }

    private Action<long> Theirs(string operation)
    {
        Pmem2 peer = _mapping.Pmem2;
        byte* start = peer.Start;
        byte* stored = _mapping.Start;
        byte* clean = stored + _mapping.Region.Length - Page;
        byte* unmapped = null; // page zero, and the pages behind it, are in no process
        int size = Size;
        return operation switch
        {
            "noop" => Nothing,
            "persist" => offset => peer.Persist(start + offset, (nuint)size),
            "persist_4K" => offset => PersistWhole(offset, Page),
            "persist_2M" => offset => PersistWhole(offset, LargePage),
            "persist_4K_msync_0" => offset => PersistWholeAndCall(offset, Page),
            "persist_2M_msync_0" => offset => PersistWholeAndCall(offset, LargePage),
            "msync" => offset => _ = BareMsync.Of(stored + offset, (nuint)size),
            "msync_0" => offset => _ = BareMsync.OfNothing(stored + offset),
            "msync_async" => offset => _ = BareMsync.Of(stored + offset, (nuint)size, BareMsync.MS_ASYNC),
            "msync_err" => offset => _ = BareMsync.Of(stored + offset, (nuint)size, BareMsync.MS_SYNC | BareMsync.MS_ASYNC),
            "msync_invalid" => offset => _ = BareMsync.Of(unmapped, (nuint)size),
            _ => offset => _ = BareMsync.Of(clean, (nuint)Page),
        };

        void PersistWhole(long offset, long unit) => peer.Persist(start + Down(offset, unit), (nuint)RoundedUp(offset, size, unit));

        void PersistWholeAndCall(long offset, long unit)
        {
            PersistWhole(offset, unit);
            _ = BareMsync.OfNothing(stored + offset);
        }
    }

    private static void Nothing(long offset)
    {
    }

    private static void Thrown<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T)
        {
            return;
        }

        throw new InvalidOperationException($"no {typeof(T).Name}");
    }

    private static long Down(long offset, long unit) => offset & ~(unit - 1);

    /// <summary>The length of whole units that hold a chunk.</summary>
    private static long RoundedUp(long offset, long length, long unit) => ((offset & (unit - 1)) + length + unit - 1) & ~(unit - 1);
}
