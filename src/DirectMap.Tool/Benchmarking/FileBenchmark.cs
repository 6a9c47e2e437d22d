using System.Runtime.InteropServices;

namespace DirectMap.Tool.Benchmarking;

/// <summary>
/// Measures a file through a mapping of it, without changing its content: to make pages dirty, zero is or-ed into a word of each
/// (atomically, so that no store of somebody else gets lost), and what is written was read from the same place just before.
/// </summary>
internal sealed class FileBenchmark
{
    /// <summary>Shorter files have nothing to measure.</summary>
    internal const int MinLength = sizeof(long);

    private const int MaxSamples = 20_000;
    private const int Chunk = 1 << 20;
    private const int Window = 64 << 20;
    private const int PersistedWindow = 16 << 20;
    private const int Seed = 1;

    private static readonly int[] s_sizes = [8, 4 << 10, 64 << 10];

    private readonly MappedRegion _region;
    private readonly FileStream _stream;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _budget;
    private readonly IProgress<PrepareProgress> _progress;
    private readonly CancellationToken _cancellationToken;
    private int _step;

    private FileBenchmark(
        MappedRegion region,
        FileStream stream,
        TimeProvider clock,
        TimeSpan duration,
        IProgress<PrepareProgress> progress,
        CancellationToken cancellationToken)
    {
        _region = region;
        _stream = stream;
        _clock = clock;
        _progress = progress;
        _cancellationToken = cancellationToken;
        _budget = duration / Steps;
    }

    private static int Steps { get; } = s_sizes.Length + Enum.GetValues<CopyKind>().Length;

    /// <param name="file">The file.</param>
    /// <param name="path">Its name, as it was given.</param>
    /// <param name="region">A mapping of all of it, for writing.</param>
    /// <param name="clock">What time it is.</param>
    /// <param name="duration">About how long it may take; each measurement is made once at least.</param>
    /// <param name="progress">Is told of each step.</param>
    /// <param name="cancellationToken">Ends it between two samples.</param>
    internal static BenchReport Run(
        DirectFile file,
        string path,
        MappedRegion region,
        TimeProvider clock,
        TimeSpan duration,
        IProgress<PrepareProgress> progress,
        CancellationToken cancellationToken)
    {
        using FileStream stream = SameFileStream.Open(file, path);
        FileBenchmark benchmark = new(region, stream, clock, duration, progress, cancellationToken);
        PersistLatency[] persists = [.. s_sizes.Where(size => size <= region.Length).Select(benchmark.Persist)];
        CopySpeed[] copies = [.. Enum.GetValues<CopyKind>().Select(benchmark.Copy)];
        return new BenchReport(path, region.Length, region.Facts.IsEmulated, region.Facts.Durability, persists, copies);
    }

    private PersistLatency Persist(int size)
    {
        Report();
        Random random = new(Seed);
        List<TimeSpan> times = [];
        PersistAt(0, size); // Once for what is slower the first time.
        long begin = _clock.GetTimestamp();
        do
        {
            times.Add(PersistAt(random.NextInt64(_region.Length / size) * size, size));
        }
        while (times.Count < MaxSamples && _clock.GetElapsedTime(begin) < _budget);
        return new PersistLatency(size, Quantiles.Of(times));
    }

    private TimeSpan PersistAt(long offset, int size)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        using (RegionScope scope = _region.OpenScope(offset, size))
        {
            for (int at = 0; at < size; at += Environment.SystemPageSize)
            {
                Interlocked.Or(ref MemoryMarshal.AsRef<long>(scope.Span[at..]), 0L);
            }

            scope.Complete();
        }

        long begin = _clock.GetTimestamp();
        _region.Persist(offset, size);
        return _clock.GetElapsedTime(begin);
    }

    private CopySpeed Copy(CopyKind kind)
    {
        Report();
        byte[] content = new byte[Math.Min(
            _region.Length, kind is CopyKind.IntoRegionPersisted or CopyKind.FileStreamFlushed ? PersistedWindow : Window)];
        long bytes = 0;
        TimeSpan time = TimeSpan.Zero;
        long begin = _clock.GetTimestamp();
        do
        {
            TimeSpan read = ForEachChunk(content, (offset, chunk) => ReadChunk(offset, chunk.Span));
            time += kind switch
            {
                CopyKind.OutOfRegion => read,
                CopyKind.IntoRegion => ForEachChunk(content, (offset, chunk) => WriteChunk(offset, chunk.Span)),
                CopyKind.IntoRegionPersisted => ForEachChunk(content, (offset, chunk) => WriteChunk(offset, chunk.Span))
                    + Timed(() => _region.Persist(0, content.Length)),
                CopyKind.FileStream => WriteWithStream(content),
                _ => WriteWithStream(content) + Timed(() => _stream.Flush(flushToDisk: true)),
            };
            bytes += content.Length;
        }
        while (_clock.GetElapsedTime(begin) < _budget);
        return new CopySpeed(kind, bytes, time);
    }

    private TimeSpan WriteWithStream(byte[] content)
    {
        _stream.Position = 0;
        return ForEachChunk(content, (_, chunk) => _stream.Write(chunk.Span));
    }

    private TimeSpan ForEachChunk(byte[] content, Action<long, Memory<byte>> copy)
    {
        TimeSpan time = TimeSpan.Zero;
        for (int offset = 0; offset < content.Length; offset += Chunk)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            Memory<byte> chunk = content.AsMemory(offset, Math.Min(Chunk, content.Length - offset));
            int at = offset;
            time += Timed(() => copy(at, chunk));
        }

        return time;
    }

    private void ReadChunk(long offset, Span<byte> chunk)
    {
        using RegionScope scope = _region.OpenScope(offset, chunk.Length);
        scope.ReadOnlySpan.CopyTo(chunk);
        scope.Complete();
    }

    private void WriteChunk(long offset, ReadOnlySpan<byte> chunk)
    {
        using RegionScope scope = _region.OpenScope(offset, chunk.Length);
        chunk.CopyTo(scope.Span);
        scope.Complete();
    }

    private TimeSpan Timed(Action action)
    {
        long begin = _clock.GetTimestamp();
        action();
        return _clock.GetElapsedTime(begin);
    }

    private void Report() => _progress.Report(new PrepareProgress(_step++, Steps));
}
