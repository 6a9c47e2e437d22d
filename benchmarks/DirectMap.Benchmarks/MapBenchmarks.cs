using System.IO.MemoryMappedFiles;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// Mapping 16 MiB, reading a word and unmapping: of a file that is open (lease and fault policy included, which looks at the extents), and
/// from its path on, beside what the BCL and libpmem2 do. Nothing is stored, since the BCL's Dispose would sync it.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
[CategoriesColumn]
public unsafe class MapBenchmarks
{
    private const long Bytes = 16 << 20;

    private string _path = "";
    private DirectFile _file = null!;
    private MemoryMappedFile _bclFile = null!;

    /// <summary>What the file lies on.</summary>
    [Params(FileSystemKind.Tmpfs, FileSystemKind.Here)]
    public FileSystemKind On { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _path = Folders.NewPath(On);
        _file = DirectFile.Create(_path, Bytes);
        _bclFile = MemoryMappedFile.CreateFromFile(_path, FileMode.Open);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _bclFile.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    [Benchmark, BenchmarkCategory("Map", "Open file")]
    public long MapDirect() => MapAndRead(_file, MapOptions.DirectOrEmulated);

    [Benchmark, BenchmarkCategory("Map", "Open file")]
    public long MapOrdinary() => MapAndRead(_file, MapOptions.Ordinary);

    [Benchmark(Baseline = true), BenchmarkCategory("Map", "Open file")]
    public long CreateViewAccessor()
    {
        using MemoryMappedViewAccessor accessor = _bclFile.CreateViewAccessor();
        return accessor.ReadInt64(0);
    }

    [Benchmark, BenchmarkCategory("Map", "From the path")]
    public long OpenAndMapDirect()
    {
        using DirectFile file = DirectFile.Open(_path);
        return MapAndRead(file, MapOptions.DirectOrEmulated);
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Map", "From the path")]
    public long CreateFromFileAndViewAccessor()
    {
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(_path, FileMode.Open);
        using MemoryMappedViewAccessor accessor = file.CreateViewAccessor();
        return accessor.ReadInt64(0);
    }

    [Benchmark, BenchmarkCategory("Map", "From the path"), NeedsPmem2]
    public long LibpmemMapNew()
    {
        using Pmem2 mapped = new(_path);
        return *(long*)mapped.Start; // in bounds and alive: 16 MiB, mapped by the line above
    }

    private static long MapAndRead(DirectFile file, MapOptions options)
    {
        using MappedRegion region = file.Map(options);
        return region.Read<long>(0);
    }
}
