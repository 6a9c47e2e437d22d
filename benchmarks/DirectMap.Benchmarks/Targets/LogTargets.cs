using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Appends of 256 bytes that are durable when they return: a log by cache lines, beside what the BCL has for it in a file on the same file
/// system whose blocks are written, too.
/// </summary>
internal static class LogTargets
{
    private const string Case = "256 B by cache lines, to ";
    private const int RecordLength = 256;
    private const long Length = 16 << 20;

    private static readonly byte[] s_record = new byte[RecordLength];
    private static PersistentLog s_log = null!;
    private static FileStream s_stream = null!;
    private static SafeFileHandle s_handle = null!;
    private static long s_position;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        if (CacheFlush.Missing is { } missing)
        {
            yield return Line.NotMeasured($"{Case}FileStream, FlushToDisk", missing);
            yield break;
        }

        using Place logPlace = new(Place.Disk, Length), peerPlace = new(Place.Disk, Length);
        using MappedRegion region = logPlace.File.Map(
            MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        using PersistentLog log = PersistentLog.Create(region, new PersistentLogOptions { IsRing = true });
        using FileStream stream = new(peerPlace.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        using SafeFileHandle handle = File.OpenHandle(peerPlace.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        (s_log, s_stream, s_handle) = (log, stream, handle);

        // Once around, so that neither row has the page faults of a new file, which docs/benchmarks.md has by themselves.
        Append((int)(Length / RecordLength));
        yield return Line.Faster($"{Case}FileStream, FlushToDisk", 20, paired.Compare(Append, WriteStream, pairs: 300));
        yield return Line.Faster($"{Case}RandomAccess, FlushToDisk", 20, paired.Compare(Append, WriteHandle, pairs: 300));
    }

    private static void Append(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_log.Append(s_record);
        }
    }

    private static void WriteStream(int count)
    {
        for (int i = 0; i < count; i++)
        {
            s_stream.Position = Next();
            s_stream.Write(s_record);
            s_stream.Flush(flushToDisk: true);
        }
    }

    private static void WriteHandle(int count)
    {
        for (int i = 0; i < count; i++)
        {
            RandomAccess.Write(s_handle, s_record, Next());
            RandomAccess.FlushToDisk(s_handle);
        }
    }

    private static long Next() => s_position = (s_position + RecordLength) % Length;
}
