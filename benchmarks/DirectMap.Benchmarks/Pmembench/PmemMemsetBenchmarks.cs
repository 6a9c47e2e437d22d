using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks.Pmembench;

/// <summary>
/// pmembench's pmem_memset, on tmpfs: chunks as there (1 to 32 bytes, and 64 bytes to 8 KiB; those of 10 bytes behind a line,
/// too), 16,384 of them.
/// </summary>
public unsafe class PmemMemsetBenchmarks
{
    private const int Slack = 64;

    private MeasuredFile _mapping = null!;
    private Places _places = null!;

    /// <summary>Bytes of a chunk.</summary>
    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    /// <summary>The order of the chunks.</summary>
    [ParamsSource(nameof(Modes))]
    public string Mode { get; set; } = "";

    /// <summary>Bytes from the beginning of a chunk.</summary>
    [ParamsSource(nameof(Offsets))]
    public int Offset { get; set; }

    /// <summary>An ordinary fill and a flush, or the library's fill that ends in memory.</summary>
    [ParamsSource(nameof(LibcOrNot))]
    public bool Libc { get; set; }

    /// <summary>Until it is durable, or only flushed.</summary>
    [ParamsSource(nameof(PersistOrNot))]
    public bool Persist { get; set; }

    public static int[] Sizes => [.. Grid.Of([.. Enumerable.Range(1, 32)], [8]), .. Grid.PmembenchSizes];

    public static string[] Modes => Grid.Of(["seq", "rand", "stat"], ["seq"]);

    public static int[] Offsets => Grid.Of([0, 10], [0, 10]);

    public static bool[] LibcOrNot => Grid.Of([false, true], [false]);

    public static bool[] PersistOrNot => Grid.Of([true, false], [true]);

    [GlobalSetup]
    public void Setup()
    {
        _mapping = MeasuredFile.Create(FileSystemKind.Tmpfs, ((long)Size * Places.Count) + Slack, PersistGranularity.CacheLine);
        _places = new Places(Mode, Size, offset: Offset);
    }

    [GlobalSetup(Target = nameof(Libpmem))]
    public void SetupPeer()
    {
        Setup();
        _ = _mapping.Pmem2;
    }

    [GlobalCleanup]
    public void Cleanup() => _mapping.Dispose();

    [Benchmark, BenchmarkCategory("pmembench", "Copy")]
    public void DirectMap() => Store.Fill(_mapping.Region, _places.Next(), Size, Libc, Persist);

    // In bounds and alive: a place and its offset lie within the mapping, which lives until Cleanup.
    [Benchmark(Baseline = true), BenchmarkCategory("pmembench", "Copy"), NeedsPmem2]
    public void Libpmem() => Store.Fill(_mapping.Pmem2, _mapping.Pmem2.Start + _places.Next(), Size, Libc, Persist);
}
