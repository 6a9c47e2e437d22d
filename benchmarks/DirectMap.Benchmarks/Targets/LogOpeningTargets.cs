using System.Diagnostics;
using DirectMap.Logs;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// How fast a log's records are found: all of them, by an opening, to a plain read with the same checksum; and one of many.
/// </summary>
internal static class LogOpeningTargets
{
    private const int RecordLength = 256;
    private const long Length = 1L << 30;
    private const long ShortLength = 16 << 20;
    private const int Stored = RecordLength + 24; // With the head.
    private const int PieceLength = 4000 * Stored;
    private const int SmallLength = 16;
    private const int SmallRecords = 5_000_000;
    private const int ShortSmallRecords = 100_000;

    private static uint s_sum;

    /// <summary>The file is in the page cache, on both sides, and both have a checksum for each record's bytes.</summary>
    internal static IEnumerable<Line> Recovery(Paired paired)
    {
        long length = paired.IsShort ? ShortLength : Length;
        using Place place = new(Place.Disk, length);
        using MappedRegion region = LogAppendTargets.Map(place);
        using (PersistentLog log = PersistentLog.Create(region))
        {
            Fill(log, RecordLength, long.MaxValue);
        }

        using SafeFileHandle handle = File.OpenHandle(place.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        byte[] piece = new byte[PieceLength];
        Comparison figure = paired.Compare(Open, Read, TimeSpan.FromTicks(1), 15);
        yield return Line.AtMost(
            Line.Text($"{length >> 20} MiB of 256 B opened, to a read and checksum"), 1.3, figure);

        void Open(int count)
        {
            for (int i = 0; i < count; i++)
            {
                PersistentLog.Open(region).Dispose();
            }
        }

        void Read(int count)
        {
            for (int i = 0; i < count; i++)
            {
                for (long at = 0; at < length; at += PieceLength)
                {
                    int read = RandomAccess.Read(handle, piece, at);
                    for (int done = 0; done < read; done += Stored)
                    {
                        LogChecksum checksum = new();
                        checksum.Add(piece.AsSpan(done, Math.Min(read - done, Stored)));
                        s_sum ^= checksum.Value;
                    }
                }
            }
        }
    }

    /// <summary>A reader that begins anywhere, and its first record.</summary>
    internal static IEnumerable<Line> Seek(Paired paired)
    {
        int records = paired.IsShort ? ShortSmallRecords : SmallRecords;
        using Place place = new(Place.Disk, (records * 40L) + (1 << 20));
        using MappedRegion region = LogAppendTargets.Map(place);
        using PersistentLog log = PersistentLog.Create(region);
        Fill(log, SmallLength, records);
        (MappedRegion Region, PersistentLogFollower Follower)[] fresh =
            new (MappedRegion, PersistentLogFollower)[paired.IsShort ? 20 : 200];
        for (int i = 0; i < fresh.Length; i++)
        {
            MappedRegion untouched = place.File.Map(MapOptions.Ordinary);
            fresh[i] = (untouched, PersistentLogFollower.Open(untouched));
        }

        int next = 0;
        double[] times = Measure(paired.IsShort ? 100 : 10_000, log.LastSequence, from => log.Read(from));
        double[] first = Measure(fresh.Length / 2, log.LastSequence, from => fresh[next++].Follower.Read(from));
        foreach ((MappedRegion untouched, PersistentLogFollower follower) in fresh)
        {
            follower.Dispose();
            untouched.Dispose();
        }

        yield return Line.AtMost(Line.Text($"Read(from:) among {records} records, p99"), "us", 100, times[times.Length * 99 / 100]);
        yield return Line.AtMost(Line.Text($"Read(from:) among {records} records, median"), "us", 100, Paired.Median(times));
        yield return Line.AtMost("a follower's first Read(from:) among them, p99", "us", 100, first[first.Length * 99 / 100]);
        yield return Line.AtMost("a follower's first Read(from:) among them, median", "us", 100, Paired.Median(first));
    }

    /// <summary>In microseconds, sorted; as many go before.</summary>
    private static double[] Measure(int count, long last, Func<long, PersistentLogReader> read)
    {
        Random random = new(1);
        double[] times = new double[count];
        for (int i = -count; i < count; i++)
        {
            long from = random.NextInt64(1, last + 1), began = Stopwatch.GetTimestamp();
            PersistentLogReader reader = read(from);
            bool isThere = reader.MoveNext();
            double time = Stopwatch.GetElapsedTime(began).TotalMicroseconds;
            if (!isThere || reader.Current.Sequence != from)
            {
                throw new IOException($"record {from} was not found");
            }

            if (i >= 0)
            {
                times[i] = time;
            }
        }

        Array.Sort(times);
        return times;
    }

    private static void Fill(PersistentLog log, int length, long most)
    {
        ReadOnlyMemory<byte>[] batch = new ReadOnlyMemory<byte>[4096];
        byte[] bytes = new byte[batch.Length * length];
        new Random(1).NextBytes(bytes);
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = bytes.AsMemory(i * length, length);
        }

        long size = batch.Length * (length + 24L);
        while (log.LastSequence < most && log.FreeBytes > 2 * size)
        {
            log.AppendBatch(batch.AsSpan(0, (int)Math.Min(batch.Length, most - log.LastSequence)));
        }
    }
}
