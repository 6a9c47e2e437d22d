using System.Diagnostics;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Compares two pieces of code in one run: slices of the one and of the other in turn, A B B A, so that whatever slows the machine down
/// slows both, and medians, so that a slice which was interrupted does not count.
/// </summary>
/// <param name="isShort">A few slices only: that it runs is shown, and nothing is to be judged by the figures.</param>
internal sealed class Paired(bool isShort)
{
    private const int WarmUps = 4;

    /// <summary>Does its work so many times.</summary>
    internal delegate void Body(int count);

    /// <summary>Whether figures are for looks only.</summary>
    internal bool IsShort => isShort;

    /// <summary>Compares two bodies.</summary>
    /// <param name="measured">What the ratio is of.</param>
    /// <param name="peer">What it is to.</param>
    /// <param name="slice">About how long a slice takes; work that takes longer is done once for each.</param>
    /// <param name="pairs">How many slices of each.</param>
    /// <param name="before">What comes before each slice, and is not measured. A slice is then one piece of work.</param>
    internal Comparison Compare(Body measured, Body peer, TimeSpan? slice = null, int pairs = 600, Action? before = null)
    {
        TimeSpan length = slice ?? TimeSpan.FromMicroseconds(100);
        pairs = isShort ? 8 : pairs;
        Warm(measured);
        Warm(peer);
        int measuredCount = before is null ? Calibrate(measured, length) : 1;
        int peerCount = before is null ? Calibrate(peer, length) : 1;
        return Compare(() => Time(measured, measuredCount), () => Time(peer, peerCount), pairs, before);
    }

    /// <summary>Compares two pieces of work that say themselves how long they took, since somebody else has timed them.</summary>
    /// <param name="measured">What the ratio is of.</param>
    /// <param name="peer">What it is to.</param>
    /// <param name="pairs">How many slices of each.</param>
    internal Comparison CompareTold(Func<double> measured, Func<double> peer, int pairs = 600)
    {
        Warm(_ => measured());
        Warm(_ => peer());
        return Compare(measured, peer, isShort ? 8 : pairs, before: null);
    }

    internal static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }

    private static Comparison Compare(Func<double> measured, Func<double> peer, int pairs, Action? before)
    {
        double[] measuredTimes = new double[pairs], peerTimes = new double[pairs], ratios = new double[pairs];
        for (int pair = -pairs / 8; pair < pairs; pair++)
        {
            bool isFirst = (pair & 1) == 0;
            before?.Invoke();
            double first = isFirst ? measured() : peer();
            before?.Invoke();
            double second = isFirst ? peer() : measured();
            if (pair >= 0)
            {
                (measuredTimes[pair], peerTimes[pair]) = isFirst ? (first, second) : (second, first);
                ratios[pair] = measuredTimes[pair] / peerTimes[pair];
            }
        }

        return new Comparison(Median(measuredTimes), Median(peerTimes), Median(ratios));
    }

    /// <summary>Until the optimizing compiler has had its turn: it comes some 100 ms after the last method was first compiled.</summary>
    private void Warm(Body body)
    {
        for (int round = 0; round < (isShort ? 1 : WarmUps); round++)
        {
            long began = Stopwatch.GetTimestamp();
            for (int call = 0; call < 40 && Stopwatch.GetElapsedTime(began).TotalMilliseconds < 100; call++)
            {
                body(1);
            }

            if (!isShort)
            {
                Thread.Sleep(120);
            }
        }
    }

    private static int Calibrate(Body body, TimeSpan slice)
    {
        for (int count = 1; ; count *= 2)
        {
            double time = double.MaxValue;
            for (int i = 0; i < 3; i++)
            {
                time = Math.Min(time, Time(body, count) * count);
            }

            if (time > slice.TotalNanoseconds / 2 || count >= 1 << 26)
            {
                return Math.Max(1, (int)(count * slice.TotalNanoseconds / time));
            }
        }
    }

    private static double Time(Body body, int count)
    {
        long began = Stopwatch.GetTimestamp();
        body(count);
        return (Stopwatch.GetTimestamp() - began) * 1e9 / Stopwatch.Frequency / count;
    }
}
