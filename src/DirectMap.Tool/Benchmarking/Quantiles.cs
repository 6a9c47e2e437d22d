namespace DirectMap.Tool.Benchmarking;

/// <summary>The median and the 99th percentile of some times (nearest rank).</summary>
internal readonly record struct Quantiles(TimeSpan Median, TimeSpan P99, int Samples)
{
    internal static Quantiles Of(IReadOnlyCollection<TimeSpan> times)
    {
        TimeSpan[] sorted = [.. times.Order()];
        return new Quantiles(Rank(sorted, 50), Rank(sorted, 99), sorted.Length);
    }

    private static TimeSpan Rank(TimeSpan[] sorted, int percent) => sorted[Math.Max(0, ((percent * sorted.Length) + 99) / 100 - 1)];
}
