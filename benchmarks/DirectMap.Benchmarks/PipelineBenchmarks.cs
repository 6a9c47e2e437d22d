using System.Buffers;
using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using DirectMap.FileSystems;

namespace DirectMap.Benchmarks;

/// <summary>A region read and written through System.IO.Pipelines, beside a plain scan of its span and a plain memcpy into it.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class PipelineBenchmarks
{
    private const int Size = 64 << 20;

    private string _path = "";
    private DirectFile _file = null!;
    private MappedRegion _region = null!;
    private byte[] _source = [];

    /// <summary>Bytes that are copied, or handed out beyond what was examined, at a time.</summary>
    [Params(4 << 10, 64 << 10)]
    public int Chunk { get; set; }

    /// <summary>Maps a file, and has every page of it in memory and in the page tables.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _path = Path.Combine(Path.GetTempPath(), $"directmap-bench-{Environment.ProcessId}.pmem");
        _file = DirectFile.Create(_path, Size);
        _region = _file.Map(MapOptions.DirectOrEmulated);
        _region.Fill(0, Size, 1);
        _source = new byte[Chunk];
    }

    /// <summary>Lets go and removes the file.</summary>
    [GlobalCleanup]
    public void Cleanup()
    {
        _region.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Pipeline", "Read")]
    public int ScanSpan()
    {
        using RegionScope scope = _region.OpenScope(0, Size);
        int found = scope.ReadOnlySpan.IndexOf((byte)7);
        scope.Complete();
        return found;
    }

    [Benchmark, BenchmarkCategory("Pipeline", "Read")]
    public int ReadChunks() => Scan(_region.CreateReader(options: new RegionReaderOptions { BufferSize = Chunk }));

    [Benchmark, BenchmarkCategory("Pipeline", "Read")]
    public int ReadByDefault() => Scan(_region.CreateReader());

    [Benchmark(Baseline = true), BenchmarkCategory("Pipeline", "Write")]
    public void CopyToSpan()
    {
        using RegionScope scope = _region.OpenScope(0, Size);
        Span<byte> span = scope.Span;
        for (int at = 0; at < Size; at += Chunk)
        {
            _source.CopyTo(span[at..]);
        }

        scope.Complete();
    }

    [Benchmark, BenchmarkCategory("Pipeline", "Write")]
    public long GetSpanAdvance()
    {
        RegionWriter writer = _region.CreateWriter(options: new RegionWriterOptions { Durable = false });
        for (int at = 0; at < Size; at += Chunk)
        {
            _source.CopyTo(writer.GetSpan(Chunk));
            writer.Advance(Chunk);
        }

        writer.Complete();
        return writer.Position;
    }

    /// <summary>With a flush after each chunk.</summary>
    [Benchmark, BenchmarkCategory("Pipeline", "Write")]
    public async Task<long> WriteAsync()
    {
        RegionWriter writer = _region.CreateWriter(options: new RegionWriterOptions { Durable = false });
        for (int at = 0; at < Size; at += Chunk)
        {
            await writer.WriteAsync(_source);
        }

        await writer.CompleteAsync();
        return writer.Position;
    }

    private static int Scan(PipeReader reader)
    {
        while (reader.TryRead(out ReadResult read))
        {
            foreach (ReadOnlyMemory<byte> segment in read.Buffer)
            {
                if (segment.Span.IndexOf((byte)7) >= 0)
                {
                    return 1;
                }
            }

            reader.AdvanceTo(read.Buffer.End);
        }

        reader.Complete();
        return 0;
    }
}
