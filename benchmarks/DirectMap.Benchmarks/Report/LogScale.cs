namespace DirectMap.Benchmarks.Report;

/// <summary>A logarithmic axis: values to places on the page, and where its ticks are.</summary>
internal sealed class LogScale
{
    private readonly double _first;
    private readonly double _perFactor;
    private readonly double _start;

    /// <param name="low">The smallest value; more than 0.</param>
    /// <param name="high">The largest value.</param>
    /// <param name="start">Where the smallest one is on the page.</param>
    /// <param name="end">Where the largest one is.</param>
    /// <param name="root">The axis begins and ends with a power of it.</param>
    internal LogScale(double low, double high, double start, double end, int root)
    {
        double step = Math.Log(root);
        int from = (int)Math.Floor((Math.Log(low) / step) + 1e-9);
        int to = Math.Max(from + 1, (int)Math.Ceiling((Math.Log(high) / step) - 1e-9));
        Ticks = [.. Enumerable.Range(from, to - from + 1).Select(power => Math.Pow(root, power))];
        _first = Math.Log(Ticks[0]);
        _start = start;
        _perFactor = (end - start) / (Math.Log(Ticks[^1]) - _first);
    }

    /// <summary>The powers of the root.</summary>
    internal IReadOnlyList<double> Ticks { get; }

    internal double At(double value) => _start + ((Math.Log(value) - _first) * _perFactor);
}
