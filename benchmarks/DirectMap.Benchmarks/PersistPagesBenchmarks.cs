using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks;

/// <summary>
/// Making bytes durable by pages, as on any file that is not on persistent memory: a word is stored to each line of the range, at random
/// places of 16 MiB, and then the range is synced. Beside the bare msync, libpmem2 (which makes the same call, and ends the process when it
/// fails), the BCL's accessor, which syncs the whole view, and a write with FlushToDisk.
/// </summary>
public unsafe class PersistPagesBenchmarks
{
    private const long Bytes = 16 << 20;

    private readonly byte[] _data = new byte[1 << 16];
    private MeasuredFile _mapping = null!;
    private Places _places = null!;
    private SafeFileHandle _handle = null!;

    /// <summary>What the file lies on.</summary>
    [Params(FileSystemKind.Tmpfs, FileSystemKind.Here)]
    public FileSystemKind On { get; set; }

    /// <summary>Bytes.</summary>
    [ParamsSource(nameof(Sizes))]
    public int Size { get; set; }

    public static int[] Sizes => Grid.Of(Grid.Sizes, [8, 4096, 65536]);

    [GlobalSetup]
    public void Setup()
    {
        _mapping = MeasuredFile.Create(On, Bytes, PersistGranularity.Page);
        _mapping.Region.Persist();
        _places = Lines.Random(Size, Bytes);
        _handle = File.OpenHandle(_mapping.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _handle.Dispose();
        _mapping.Dispose();
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Persist")]
    public int BareMsyncCall()
    {
        byte* start = _mapping.Start + _places.Next();
        Lines.Dirty(start, Size);
        return BareMsync.Of(start, (nuint)Size);
    }

    [Benchmark, BenchmarkCategory("Persist")]
    public void Persist()
    {
        long offset = _places.Next();
        Lines.Dirty(_mapping.Start + offset, Size);
        _mapping.Region.Persist(offset, Size);
    }

    [Benchmark, BenchmarkCategory("Persist")]
    public Task PersistAsync()
    {
        long offset = _places.Next();
        Lines.Dirty(_mapping.Start + offset, Size);
        return _mapping.Region.PersistAsync(offset, Size);
    }

    [Benchmark, BenchmarkCategory("Persist"), NeedsPmem2]
    public void LibpmemPersist()
    {
        Pmem2 peer = _mapping.Pmem2;
        byte* start = peer.Start + _places.Next();
        Lines.Dirty(start, Size);
        peer.Persist(start, (nuint)Size);
    }

    [Benchmark, BenchmarkCategory("Persist")]
    public void ViewAccessorFlush()
    {
        BclView view = _mapping.Bcl;
        Lines.Dirty(view.Start + _places.Next(), Size);
        view.Accessor.Flush();
    }

    [Benchmark, BenchmarkCategory("Persist")]
    public void WriteAndFlushToDisk()
    {
        RandomAccess.Write(_handle, _data.AsSpan(0, Size), _places.Next());
        RandomAccess.FlushToDisk(_handle);
    }
}
