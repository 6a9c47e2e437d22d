using System.Diagnostics;
using DirectMap.Benchmarks.Peers;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Small persists by pages, on a disk, while a large one of the same file goes on: beside what msync does, with a large msync. And a large
/// one that nobody disturbs. One of each in turn; all pages of the large one are dirty.
/// </summary>
internal sealed unsafe class LargePersistTargets : IDisposable
{
    private const long Megabyte = 1 << 20;
    private const int Rounds = 15;

    private readonly MappedRegion _region;
    private readonly byte* _start;
    private readonly long _large;
    private readonly Barrier _barrier = new(2);
    private readonly List<double> _times = [];
    private readonly Thread _thread;
    private bool _isBare;
    private volatile bool _isOver;
    private bool _isStopped;

    private LargePersistTargets(MappedRegion region, long large)
    {
        _region = region;
        _start = Place.StartOf(region); // All that is stored to lies in the region, and it is disposed after this.
        _large = large;
        _thread = new Thread(PersistLittle);
        _thread.Start();
    }

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        long large = (paired.IsShort ? 32 : 768) * Megabyte;
        using Place place = new(Place.Disk, large + (16 * Megabyte));
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated with { RequiredGranularity = PersistGranularity.Page });
        using LargePersistTargets both = new(region, large);
        int rounds = paired.IsShort ? 2 : Rounds;
        Side library = new(), bare = new();
        for (int round = -1; round < rounds; round++)
        {
            foreach (bool isBare in (round & 1) == 0 ? [true, false] : new[] { false, true })
            {
                both.Round(isBare, round < 0 ? new Side() : isBare ? bare : library);
            }
        }

        // The mean, since that says how many there are in a time: msync's small ones are quick until one waits for most of the large one.
        string counts = Line.Text($"mean; in one large one {library.Count:0} to {bare.Count:0}, ")
            + $"median {Line.Time(library.Median)} to {Line.Time(bare.Median)}, "
            + $"longest {Line.Time(library.Longest)} to {Line.Time(bare.Longest)}";
        yield return Line.AtMost("a small one beside 768 MB, to a bare msync", 2, library.Mean.To(bare.Mean), counts);
        yield return Line.AtMost("768 MB beside small ones, to a bare msync", 1.5, library.Beside.To(bare.Beside));
        yield return Line.AtMost("768 MB alone, to a bare msync", 1.1, library.Alone.To(bare.Alone));
    }

    public void Dispose()
    {
        _isStopped = true;
        _barrier.SignalAndWait();
        _thread.Join();
        _barrier.Dispose();
    }

    private void Round(bool isBare, Side side)
    {
        _isBare = isBare;
        side.Alone.Add(TimeOfLarge());
        Dirty();
        _times.Clear();
        _isOver = false;
        _barrier.SignalAndWait(); // It begins.
        double time = TimeOfLarge(isDirty: true);
        _isOver = true;
        _barrier.SignalAndWait(); // It has ended.
        side.Take(time, _times);
    }

    private double TimeOfLarge(bool isDirty = false)
    {
        if (!isDirty)
        {
            Dirty();
        }

        long began = Stopwatch.GetTimestamp();
        Sync(0, _large);
        return Stopwatch.GetElapsedTime(began).TotalNanoseconds;
    }

    private void Dirty()
    {
        for (long at = 0; at < _large; at += Environment.SystemPageSize)
        {
            _start[at]++;
        }
    }

    private void PersistLittle()
    {
        for (long next = 0; ;)
        {
            _barrier.SignalAndWait();
            if (_isStopped)
            {
                return;
            }

            do
            {
                next = (next + (37L * Environment.SystemPageSize)) % (16 * Megabyte);
                long began = Stopwatch.GetTimestamp();
                _start[_large + next]++;
                Sync(_large + next, 1);
                _times.Add(Stopwatch.GetElapsedTime(began).TotalNanoseconds);
            }
            while (!_isOver);

            _barrier.SignalAndWait();
        }
    }

    private void Sync(long offset, long length)
    {
        if (!_isBare)
        {
            _region.Persist(offset, length);
        }
        else if (BareMsync.Of(_start + offset, (nuint)length) != 0)
        {
            throw new IOException("msync");
        }
    }

    /// <summary>Medians of rounds, ns.</summary>
    private sealed class Side
    {
        private readonly List<double> _counts = [];
        private readonly List<double> _medians = [];
        private readonly List<double> _longest = [];

        internal Times Alone { get; } = new();

        internal Times Beside { get; } = new();

        internal Times Mean { get; } = new();

        internal double Count => Paired.Median([.. _counts]);

        internal double Median => Paired.Median([.. _medians]);

        internal double Longest => Paired.Median([.. _longest]);

        internal void Take(double large, List<double> times)
        {
            double[] all = [.. times];
            Beside.Add(large);
            _counts.Add(all.Length);
            Mean.Add(all.Average());
            _medians.Add(Paired.Median(all));
            _longest.Add(all[^1]); // They are sorted now.
        }
    }

    private sealed class Times
    {
        private readonly List<double> _all = [];

        internal void Add(double time) => _all.Add(time);

        internal Comparison To(Times peer)
        {
            double mine = Paired.Median([.. _all]), other = Paired.Median([.. peer._all]);
            return new Comparison(mine, other, mine / other);
        }
    }
}
