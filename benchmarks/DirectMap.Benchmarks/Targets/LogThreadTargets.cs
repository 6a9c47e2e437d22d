using System.Diagnostics;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Durable appends of 256 bytes by pages, on a disk, from eight threads: to one thread in the same log. Slices of the one and of the other
/// in turn, as in <see cref="Paired"/>, but by time: so that a thread that gets less than the others shows.
/// </summary>
internal sealed class LogThreadTargets : IDisposable
{
    private const int Threads = 8;
    private const int RecordLength = 256;
    private const int Pairs = 400;
    private const int WarmUps = 20;
    private const long Length = 64 << 20;

    private static readonly long s_slice = Stopwatch.Frequency / 100;

    private readonly byte[] _record = new byte[RecordLength];
    private readonly PersistentLog _log;
    private readonly Barrier _barrier = new(Threads + 1);
    private readonly List<double>[] _times;
    private readonly Thread[] _threads;
    private int _active;
    private bool _isStopped;

    private LogThreadTargets(PersistentLog log)
    {
        _log = log;
        _times = [.. Enumerable.Range(0, Threads).Select(_ => new List<double>(1024))];
        _threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() => Work(number)))];
        Array.ForEach(_threads, thread => thread.Start());
    }

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        using Place place = new(Place.Disk, Length);
        using MappedRegion region = LogAppendTargets.Map(place);
        using PersistentLog log = PersistentLog.Create(region, new PersistentLogOptions { IsRing = true });
        using LogThreadTargets crew = new(log);
        int pairs = paired.IsShort ? 2 : Pairs;
        double[] ones = new double[pairs], eights = new double[pairs], ratios = new double[pairs];
        List<double> times = [], oneTimes = [];
        long[] appends = new long[Threads];
        for (int pair = -WarmUps; pair < pairs; pair++)
        {
            bool isFirst = (pair & 1) == 0;
            double first = Slice(isFirst ? Threads : 1), second = Slice(isFirst ? 1 : Threads);
            if (pair >= 0)
            {
                (eights[pair], ones[pair]) = isFirst ? (first, second) : (second, first);
                ratios[pair] = eights[pair] / ones[pair];
            }
            else
            {
                times.Clear();
                oneTimes.Clear();
                Array.Clear(appends);
            }
        }

        Comparison figure = new(Paired.Median(eights), Paired.Median(ones), Paired.Median(ratios));
        Comparison late = Late(times), oneLate = Late(oneTimes);
        double byMedians = Threads * oneLate.Peer / late.Peer; // Whatever kept single appends waiting for long is not in it.
        yield return Line.Faster("8 threads of Append, to one", 4, figure, Line.Text($"by one append's medians {byMedians:0.00}x"));
        yield return Line.AtMost(
            "8 threads, one append: p99.9, to the median", 10, late, Line.Text($"with one thread {oneLate.Ratio:0.00}x; of {times.Count}"));
        yield return Line.AtLeast("8 threads, the least one's appends, to the mean", 0.5, appends.Min() * (double)Threads / appends.Sum());

        double Slice(int threads)
        {
            double time = crew.Slice(threads, threads == Threads ? times : oneTimes);
            for (int i = 0; i < Threads && threads == Threads; i++)
            {
                appends[i] += crew._times[i].Count;
            }

            return time;
        }
    }

    /// <summary>One append of a thousand, to the median one.</summary>
    private static Comparison Late(List<double> times)
    {
        times.Sort();
        double median = times[times.Count / 2], late = times[(int)(times.Count * 0.999)];
        return new Comparison(late, median, late / median);
    }

    public void Dispose()
    {
        _isStopped = true;
        _barrier.SignalAndWait();
        Array.ForEach(_threads, thread => thread.Join());
        _barrier.Dispose();
    }

    /// <summary>Lets some threads append for a while.</summary>
    /// <param name="threads">How many.</param>
    /// <param name="times">Gets what each append took, ns.</param>
    /// <returns>The time for an append of anybody, ns.</returns>
    private double Slice(int threads, List<double> times)
    {
        _active = threads;
        long began = Stopwatch.GetTimestamp();
        _barrier.SignalAndWait(); // They begin.
        _barrier.SignalAndWait(); // They have ended.
        double time = Stopwatch.GetElapsedTime(began).TotalNanoseconds / _times.Sum(mine => mine.Count);
        Array.ForEach(_times, times.AddRange);
        return time;
    }

    private void Work(int number)
    {
        List<double> mine = _times[number];
        while (true)
        {
            _barrier.SignalAndWait();
            if (_isStopped)
            {
                return;
            }

            mine.Clear();
            long began = Stopwatch.GetTimestamp();
            for (long before = began, now; number < _active && before - began < s_slice; before = now)
            {
                _log.Append(_record);
                now = Stopwatch.GetTimestamp();
                mine.Add(Stopwatch.GetElapsedTime(before, now).TotalNanoseconds);
            }

            _barrier.SignalAndWait();
        }
    }
}
