using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// Making bytes durable by cache lines, emulated on ordinary memory, so it is cost and no durability: a word is stored to each line of the
/// range, at random places of 128 MiB on tmpfs, and then the range is persisted. Beside libpmem2 at the same forced granularity, and
/// beside the stores alone.
/// </summary>
public unsafe class PersistLinesBenchmarks
{
    private const long Bytes = 128 << 20;

    private MeasuredFile _mapping = null!;
    private Places _places = null!;

    /// <summary>Bytes.</summary>
    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    public static int[] Sizes => Grid.Sizes;

    [GlobalSetup]
    public void Setup()
    {
        _mapping = MeasuredFile.Create(FileSystemKind.Tmpfs, Bytes, PersistGranularity.CacheLine);
        _places = Lines.Random(Size, Bytes);
    }

    [GlobalSetup(Target = nameof(LibpmemPersist))]
    public void SetupPeer()
    {
        Setup();
        _ = _mapping.Pmem2;
    }

    [GlobalCleanup]
    public void Cleanup() => _mapping.Dispose();

    [Benchmark, BenchmarkCategory("Persist")]
    public void StoresAlone() => Lines.Dirty(_mapping.Start + _places.Next(), Size);

    [Benchmark, BenchmarkCategory("Persist")]
    public void Persist()
    {
        long offset = _places.Next();
        Lines.Dirty(_mapping.Start + offset, Size);
        _mapping.Region.Persist(offset, Size);
    }

    [Benchmark, BenchmarkCategory("Persist")]
    public void FlushAndDrain()
    {
        long offset = _places.Next();
        Lines.Dirty(_mapping.Start + offset, Size);
        _mapping.Region.WriteBack(offset, Size);
        _mapping.Region.Drain();
    }

    [Benchmark, BenchmarkCategory("Persist")]
    public Task PersistAsync()
    {
        long offset = _places.Next();
        Lines.Dirty(_mapping.Start + offset, Size);
        return _mapping.Region.PersistAsync(offset, Size);
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Persist"), NeedsPmem2]
    public void LibpmemPersist()
    {
        Pmem2 peer = _mapping.Pmem2;
        byte* start = peer.Start + _places.Next();
        Lines.Dirty(start, Size);
        peer.Persist(start, (nuint)Size);
    }
}
