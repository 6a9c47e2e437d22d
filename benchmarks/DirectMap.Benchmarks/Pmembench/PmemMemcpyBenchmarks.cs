using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks.Pmembench;

/// <summary>
/// pmembench's pmem_memcpy, on tmpfs: from ordinary memory to the mapping (write), or back (read). Chunks as there, but 16,384 of them and
/// not 50,000. To read, pmembench flushes ordinary memory, which libpmem2 does here, too; the library has no such thing and only copies, so
/// of those lines the one with libc and without persist is the nearest.
/// </summary>
public class PmemMemcpyBenchmarks
{
    private MemcpyGround _ground = null!;

    /// <summary>To the mapping, or from it.</summary>
    [ParamsSource(nameof(OperationNames))]
    public string Operation { get; set; } = "";

    /// <summary>Bytes of a chunk.</summary>
    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    /// <summary>The order of the chunks that are copied.</summary>
    [ParamsSource(nameof(SourceModes))]
    public string SrcMode { get; set; } = "";

    /// <summary>The order of the chunks that are copied to.</summary>
    [ParamsSource(nameof(Modes))]
    public string DestMode { get; set; } = "";

    /// <summary>An ordinary copy and a flush, or the library's copy that ends in memory.</summary>
    [ParamsSource(nameof(LibcOrNot))]
    public bool Libc { get; set; }

    /// <summary>Until it is durable, or only flushed.</summary>
    [ParamsSource(nameof(PersistOrNot))]
    public bool Persist { get; set; }

    public static string[] OperationNames => Grid.Of(["write", "read"], ["write"]);

    public static int[] Sizes => Grid.PmembenchSizes;

    public static string[] SourceModes => Grid.Of(["seq", "rand", "stat"], ["seq"]);

    public static string[] Modes => Grid.Of(["seq", "rand", "stat"], ["seq", "rand"]);

    public static bool[] LibcOrNot => Grid.Of([false, true], [false, true]);

    public static bool[] PersistOrNot => Grid.Of([true, false], [true]);

    [GlobalSetup]
    public void Setup() => _ground = MemcpyGround.Create(Operation == "write", Size, SrcMode, DestMode, 0, 0, Libc, Persist);

    [GlobalSetup(Target = nameof(Libpmem))]
    public void SetupPeer()
    {
        Setup();
        _ground.TouchPeer();
    }

    [GlobalCleanup]
    public void Cleanup() => _ground.Dispose();

    [Benchmark, BenchmarkCategory("pmembench", "Copy")]
    public void DirectMap() => _ground.Ours();

    [Benchmark(Baseline = true), BenchmarkCategory("pmembench", "Copy"), NeedsPmem2]
    public void Libpmem() => _ground.Theirs();
}
