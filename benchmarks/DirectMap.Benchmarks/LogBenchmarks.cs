using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.FileSystems;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks;

/// <summary>
/// What an append of 256 bytes costs that is durable when it returns: a log, and what one would write otherwise. All in files of the same
/// file system, whose blocks are written beforehand, so that none has to write metadata. Cache lines are emulated: that line shows what the
/// instructions cost, on memory that a power failure takes.
/// </summary>
public class LogBenchmarks
{
    private const int RecordLength = 256;
    private const long FileLength = 64 << 20;

    private readonly byte[] _record = new byte[RecordLength];
    private readonly List<DirectFile> _files = [];
    private MappedRegion _lineRegion = null!;
    private MappedRegion _pageRegion = null!;
    private PersistentLog _lineLog = null!;
    private PersistentLog _pageLog = null!;
    private FileStream _stream = null!;
    private SafeFileHandle _handle = null!;
    private long _position;

    /// <summary>Makes the files.</summary>
    [GlobalSetup]
    public void Setup()
    {
        new Random(1).NextBytes(_record);
        PersistentLogOptions ring = new() { IsRing = true };
        _lineRegion = Create().Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        _lineLog = PersistentLog.Create(_lineRegion, ring);
        _pageRegion = Create().Map(MapOptions.DirectOrEmulated);
        _pageLog = PersistentLog.Create(_pageRegion, ring);
        _stream = File.Open(Create().Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        _handle = File.OpenHandle(Create().Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
    }

    /// <summary>Removes them.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _lineLog.Dispose();
        _pageLog.Dispose();
        _lineRegion.Dispose();
        _pageRegion.Dispose();
        _stream.Dispose();
        _handle.Dispose();
        foreach (DirectFile file in _files)
        {
            file.Dispose();
            File.Delete(file.Path);
        }
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Log")]
    public void FileStreamWriteAndFlushToDisk()
    {
        if (_stream.Position > FileLength - RecordLength)
        {
            _stream.Position = 0;
        }

        _stream.Write(_record);
        _stream.Flush(flushToDisk: true);
    }

    [Benchmark, BenchmarkCategory("Log")]
    public void RandomAccessWriteAndFlushToDisk()
    {
        RandomAccess.Write(_handle, _record, _position);
        RandomAccess.FlushToDisk(_handle);
        _position = (_position + RecordLength) % FileLength;
    }

    [Benchmark, BenchmarkCategory("Log")]
    public long LogByCacheLines() => _lineLog.Append(_record);

    [Benchmark, BenchmarkCategory("Log")]
    public long LogByPages() => _pageLog.Append(_record);

    private DirectFile Create()
    {
        DirectFile file = DirectFile.Create(Folders.NewPath(FileSystemKind.Here), FileLength);
        _files.Add(file);
        return file;
    }
}
