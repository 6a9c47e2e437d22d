using BenchmarkDotNet.Attributes;
using DirectMap;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks;

/// <summary>
/// What an append of 256 bytes costs that is durable when it returns: a log, and what one would write otherwise. All in files of the same file system, whose blocks are written beforehand, so that none has to write metadata. Cache lines are emulated:
/// that line shows what the instructions cost, on memory that a power failure takes.
/// </summary>
[BenchmarkCategory("Log")]
public class LogBenchmarks
{
    private const int RecordLength = 256;
    private const long FileLength = 64 << 20;

    private readonly byte[] _record = new byte[RecordLength];
    private readonly List<DirectFile> _files = [];
    private string _folder = "";
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
        _folder = Directory.CreateTempSubdirectory("directmap-bench").FullName;
        new Random(1).NextBytes(_record);
        PersistentLogOptions ring = new() { IsRing = true };
        _lineRegion = Create("lines").Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        _lineLog = PersistentLog.Create(_lineRegion, ring);
        _pageRegion = Create("pages").Map(MapOptions.DirectOrEmulated);
        _pageLog = PersistentLog.Create(_pageRegion, ring);
        _stream = File.Open(Create("stream").Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        _handle = File.OpenHandle(Create("handle").Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
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
        _files.ForEach(file => file.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public void FileStreamWriteAndFlushToDisk()
    {
        if (_stream.Position > FileLength - RecordLength)
        {
            _stream.Position = 0;
        }

        _stream.Write(_record);
        _stream.Flush(flushToDisk: true);
    }

    [Benchmark]
    public void RandomAccessWriteAndFlushToDisk()
    {
        RandomAccess.Write(_handle, _record, _position);
        RandomAccess.FlushToDisk(_handle);
        _position = (_position + RecordLength) % FileLength;
    }

    [Benchmark]
    public long LogByCacheLines() => _lineLog.Append(_record);

    [Benchmark]
    public long LogByPages() => _pageLog.Append(_record);

    private DirectFile Create(string name)
    {
        DirectFile file = DirectFile.Create(Path.Combine(_folder, name), FileLength);
        _files.Add(file);
        return file;
    }
}
