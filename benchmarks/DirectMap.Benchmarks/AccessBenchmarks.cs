using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using DirectMap.Benchmarks.Infrastructure;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>
/// One 8-byte access, among 512 in a row over 4 KiB (in the L1 cache): a checked one, a scope's span, against what a user would write
/// otherwise: the BCL's accessor (safe, slow), a raw pointer and a span over it (fast, and the end of the process when the file changes).
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public unsafe class AccessBenchmarks
{
    private const int Bytes = 4096;
    private const int Count = Bytes / sizeof(long);

    private string _path = "";
    private DirectFile _file = null!;
    private MappedRegion _region = null!;
    private MappedRegion _judged = null!;
    private MemoryMappedFile _bclFile = null!;
    private MemoryMappedViewAccessor _accessor = null!;
    private byte* _pointer;

    /// <summary>Maps one file both ways.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _path = Folders.NewPath(FileSystemKind.Here);
        _file = DirectFile.Create(_path, 1 << 20);
        _region = _file.Map(MapOptions.DirectOrEmulated);
        _judged = _file.Map(MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess });
        _bclFile = MemoryMappedFile.CreateFromFile(_path, FileMode.Open);
        _accessor = _bclFile.CreateViewAccessor();
        _accessor.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
    }

    /// <summary>Lets go and removes the file.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _accessor.SafeMemoryMappedViewHandle.ReleasePointer();
        _accessor.Dispose();
        _bclFile.Dispose();
        _region.Dispose();
        _judged.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    [Benchmark(OperationsPerInvoke = Count, Baseline = true), BenchmarkCategory("Access", "Read")]
    public long ReadRawPointer()
    {
        long sum = 0;
        byte* pointer = _pointer;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            sum += *(long*)(pointer + offset);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Read")]
    public long ReadChecked()
    {
        long sum = 0;
        MappedRegion region = _region;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            sum += region.Read<long>(offset);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Read")]
    public long ReadJudgedAtAccess()
    {
        long sum = 0;
        MappedRegion region = _judged;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            sum += region.Read<long>(offset);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Read")]
    public long ReadThroughScope()
    {
        long sum = 0;
        using RegionScope scope = _region.OpenScope(0, Bytes);
        foreach (long value in MemoryMarshal.Cast<byte, long>(scope.Span))
        {
            sum += value;
        }

        scope.Complete();
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Read")]
    public long ReadPinnedSpan()
    {
        long sum = 0;
        foreach (long value in MemoryMarshal.Cast<byte, long>(new ReadOnlySpan<byte>(_pointer, Bytes)))
        {
            sum += value;
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Read")]
    public long ReadViewAccessor()
    {
        long sum = 0;
        MemoryMappedViewAccessor accessor = _accessor;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            sum += accessor.ReadInt64(offset);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Count, Baseline = true), BenchmarkCategory("Access", "Write")]
    public void WriteRawPointer()
    {
        byte* pointer = _pointer;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            *(long*)(pointer + offset) = offset;
        }
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Write")]
    public void WriteChecked()
    {
        MappedRegion region = _region;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            region.Write(offset, offset);
        }
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Write")]
    public void WriteJudgedAtAccess()
    {
        MappedRegion region = _judged;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            region.Write(offset, offset);
        }
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Write")]
    public void WriteThroughScope()
    {
        using RegionScope scope = _region.OpenScope(0, Bytes);
        Span<long> values = MemoryMarshal.Cast<byte, long>(scope.Span);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i;
        }

        scope.Complete();
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Write")]
    public void WritePinnedSpan()
    {
        Span<long> values = MemoryMarshal.Cast<byte, long>(new Span<byte>(_pointer, Bytes));
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = i;
        }
    }

    [Benchmark(OperationsPerInvoke = Count), BenchmarkCategory("Access", "Write")]
    public void WriteViewAccessor()
    {
        MemoryMappedViewAccessor accessor = _accessor;
        for (long offset = 0; offset < Bytes; offset += sizeof(long))
        {
            accessor.Write(offset, offset);
        }
    }
}
