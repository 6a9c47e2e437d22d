using System.Runtime.CompilerServices;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// Copies, moves and fills to random places of 128 MiB on tmpfs, from a buffer that is in the cache. Those that are durable when they
/// return are emulated by cache lines on ordinary memory, so it is cost and no durability, and beside libpmem2 at the same forced
/// granularity; those that are in memory only beside a pinned span.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
[CategoriesColumn]
public unsafe class CopyBenchmarks
{
    private const long Bytes = 128 << 20;
    private const int Largest = 1 << 16;

    private readonly byte[] _source = GC.AllocateArray<byte>(Largest, pinned: true);
    private byte* _from;
    private MeasuredFile _mapping = null!;
    private Places _places = null!;

    /// <summary>Bytes.</summary>
    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    public static int[] Sizes => Grid.Sizes;

    [GlobalSetup]
    public void Setup()
    {
        // The source of moves is at the end of the region, behind all places.
        _mapping = MeasuredFile.Create(FileSystemKind.Tmpfs, Bytes + Largest, PersistGranularity.CacheLine);
        _places = Lines.Random(Size, Bytes);
        _from = (byte*)Unsafe.AsPointer(ref _source[0]); // alive and in place: pinned, and held by the field
    }

    [GlobalSetup(Targets = [nameof(LibpmemMemcpy), nameof(LibpmemMemmove), nameof(LibpmemMemset)])]
    public void SetupPeer()
    {
        Setup();
        _ = _mapping.Pmem2;
    }

    [GlobalSetup(Targets = [nameof(PinnedSpanCopy), nameof(ViewAccessorWriteArray)])]
    public void SetupView()
    {
        Setup();
        new Span<byte>(_mapping.Bcl.Start, (int)Bytes).Fill(1); // touched, as the others are
    }

    [GlobalCleanup]
    public void Cleanup() => _mapping.Dispose();

    [Benchmark, BenchmarkCategory("Copy", "Durable copy")]
    public void PersistCopy() => _mapping.Region.PersistCopy(_places.Next(), _source.AsSpan(0, Size));

    [Benchmark(Baseline = true), BenchmarkCategory("Copy", "Durable copy"), NeedsPmem2]
    public void LibpmemMemcpy() => _mapping.Pmem2.Copy(_mapping.Pmem2.Start + _places.Next(), _from, (nuint)Size);

    [Benchmark, BenchmarkCategory("Copy", "Durable move")]
    public void PersistMove() => _mapping.Region.PersistMove(_places.Next(), Bytes, Size);

    [Benchmark(Baseline = true), BenchmarkCategory("Copy", "Durable move"), NeedsPmem2]
    public void LibpmemMemmove() => _mapping.Pmem2.Move(_mapping.Pmem2.Start + _places.Next(), _mapping.Pmem2.Start + Bytes, (nuint)Size);

    [Benchmark, BenchmarkCategory("Copy", "Durable fill")]
    public void PersistFill() => _mapping.Region.PersistFill(_places.Next(), Size, 7);

    [Benchmark(Baseline = true), BenchmarkCategory("Copy", "Durable fill"), NeedsPmem2]
    public void LibpmemMemset() => _mapping.Pmem2.Fill(_mapping.Pmem2.Start + _places.Next(), 7, (nuint)Size);

    [Benchmark(Baseline = true), BenchmarkCategory("Copy", "Copy in memory")]
    public void PinnedSpanCopy() => _source.AsSpan(0, Size).CopyTo(new Span<byte>(_mapping.Bcl.Start + _places.Next(), Size));

    [Benchmark, BenchmarkCategory("Copy", "Copy in memory")]
    public void CopyFrom() => _mapping.Region.CopyFrom(_places.Next(), _source.AsSpan(0, Size));

    [Benchmark, BenchmarkCategory("Copy", "Copy in memory")]
    public void ScopeSpanCopy()
    {
        using RegionScope scope = _mapping.Region.OpenScope(_places.Next(), Size);
        _source.AsSpan(0, Size).CopyTo(scope.Span);
        scope.Complete();
    }

    [Benchmark, BenchmarkCategory("Copy", "Copy in memory")]
    public void ViewAccessorWriteArray() => _mapping.Bcl.Accessor.WriteArray(_places.Next(), _source, 0, Size);
}
