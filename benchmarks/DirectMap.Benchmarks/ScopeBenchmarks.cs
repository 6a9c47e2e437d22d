using BenchmarkDotNet.Attributes;
using DirectMap;

namespace DirectMap.Benchmarks;

/// <summary>What opening, completing and closing a scope costs.</summary>
public class ScopeBenchmarks
{
    private string _path = "";
    private DirectFile _file = null!;
    private MappedRegion _region = null!;

    /// <summary>Maps a file.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _path = Path.Combine(Path.GetTempPath(), $"directmap-bench-{Environment.ProcessId}.pmem");
        _file = DirectFile.Create(_path, 1 << 20);
        _region = _file.Map(MapOptions.DirectOrEmulated);
    }

    /// <summary>Lets go and removes the file.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _region.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    [Benchmark, BenchmarkCategory("Scope")]
    public int AcquireCompleteDispose()
    {
        using RegionScope scope = _region.Acquire(64, 128);
        int first = scope.Span[0];
        scope.Complete();
        return first;
    }
}
