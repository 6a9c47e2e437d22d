using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.Benchmarks.Peers;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// What opening, completing and closing a scope costs, beside the BCL's way to a span that stays mapped while it is used: the handle's
/// pointer, acquired and released.
/// </summary>
public unsafe class ScopeBenchmarks
{
    private string _path = "";
    private DirectFile _file = null!;
    private MappedRegion _region = null!;
    private BclView _view = null!;

    /// <summary>Maps a file.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _path = Folders.NewPath(FileSystemKind.Here);
        _file = DirectFile.Create(_path, 1 << 20);
        _region = _file.Map(MapOptions.DirectOrEmulated);
        _view = BclView.Of(_path);
    }

    /// <summary>Lets go and removes the file.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _view.Dispose();
        _region.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    [Benchmark, BenchmarkCategory("Scope")]
    public int AcquireCompleteDispose()
    {
        using RegionScope scope = _region.OpenScope(64, 128);
        int first = scope.Span[0];
        scope.Complete();
        return first;
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Scope")]
    public int AcquirePointerReleasePointer()
    {
        byte* start = null;
        try
        {
            _view.Handle.AcquirePointer(ref start);
            return new ReadOnlySpan<byte>(start + 64, 128)[0]; // in bounds: the view is 1 MiB; alive: until ReleasePointer
        }
        finally
        {
            if (start is not null)
            {
                _view.Handle.ReleasePointer();
            }
        }
    }
}
