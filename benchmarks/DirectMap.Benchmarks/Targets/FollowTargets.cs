using System.Diagnostics;
using DirectMap.Linux;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// How long it takes until another process that waits sees a record that was appended, beside a bare futex wake between the same two
/// processors. Both are measured as rounds, whose way back is a bare wake in either case: half of a bare round is one way, and what a round
/// with a record takes more than that half is the other.
/// </summary>
internal static class FollowTargets
{
    internal const string Waiting = "WaitForRecord";
    internal const string Following = "await foreach";

    private const long Length = 4 << 20;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        if (CacheFlush.Missing is { } missing || Environment.ProcessorCount < 2)
        {
            yield return Line.NotMeasured($"a record, {Waiting}", CacheFlush.Missing ?? "one processor");
            yield break;
        }

        using Place logPlace = new(Place.Disk, Length), wordsPlace = new(Place.Memory, Environment.SystemPageSize);
        using MappedRegion region = logPlace.File.Map(
            MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
        using PersistentLog log = PersistentLog.Create(region, FollowChild.Where);
        using FollowWords words = new(wordsPlace.File);
        yield return Line.AtMost($"a record, {Waiting}, to a bare wake", 2, Compare(paired, log, words, logPlace.Path, Waiting));
        yield return Line.Reported(
            $"a record, {Following}, to a bare wake", Compare(paired, log, words, logPlace.Path, Following));
    }

    private static Comparison Compare(Paired paired, PersistentLog log, FollowWords words, string logPath, string kind)
    {
        byte[] record = new byte[256];
        uint before = words.Answers;
        FollowChild.Pin(1); // All threads of the child inherit it.
        using Process child = FollowChild.Start(logPath, words.Path, kind);
        FollowChild.Pin(0);
        try
        {
            words.WaitForAnswer(before); // It is ready.
            Comparison rounds = paired.Compare(
                count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        uint answers = words.Answers;
                        log.Append(record);
                        words.WaitForAnswer(answers);
                    }
                },
                count =>
                {
                    for (int i = 0; i < count; i++)
                    {
                        uint answers = words.Answers;
                        words.Ask();
                        words.WaitForAnswer(answers);
                    }
                },
                TimeSpan.FromMilliseconds(1));
            double oneWay = rounds.Peer / 2;
            return new Comparison(rounds.Measured - oneWay, oneWay, (2 * rounds.Ratio) - 1);
        }
        finally
        {
            words.Stop();
            child.StandardInput.Close();
            child.WaitForExit();
            words.Restart();
        }
    }
}
