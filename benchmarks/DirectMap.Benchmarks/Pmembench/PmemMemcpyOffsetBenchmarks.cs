using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks.Pmembench;

/// <summary>
/// pmembench's pmem_memcpy of 512 bytes, one chunk behind the other, that begin anywhere in a cache line, at the source
/// or at the destination.
/// </summary>
public class PmemMemcpyOffsetBenchmarks
{
    private MemcpyGround _ground = null!;

    /// <summary>Bytes from the beginning of a line, at the source.</summary>
    [ParamsSource(nameof(SourceOffsets))]
    public int SrcOffset { get; set; }

    /// <summary>Bytes from the beginning of a line, at the destination.</summary>
    [ParamsSource(nameof(DestinationOffsets))]
    public int DestOffset { get; set; }

    public static int[] SourceOffsets => Grid.Of([0, 9], [0]);

    public static int[] DestinationOffsets => Grid.Of([.. Enumerable.Range(1, 63)], [1, 8, 32]);

    [GlobalSetup]
    public void Setup() => _ground = MemcpyGround.Create(true, 512, "seq", "seq", SrcOffset, DestOffset, libc: false, persist: true);

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
