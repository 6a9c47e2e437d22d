namespace DirectMap.Benchmarks.Report;

/// <summary>What BenchmarkDotNet found for one benchmark with one set of parameters.</summary>
/// <param name="Type">The class.</param>
/// <param name="Method">The method.</param>
/// <param name="Parameters">Their names and values.</param>
/// <param name="Median">Nanoseconds for an operation.</param>
/// <param name="Error">Half of the 99.9 % confidence interval of the mean, in nanoseconds.</param>
/// <param name="Allocated">Bytes for an operation; null where it was not measured.</param>
internal sealed record Result(
    string Type, string Method, IReadOnlyDictionary<string, string> Parameters, double Median, double Error, long? Allocated)
{
    /// <summary>Half the interval, as a part of the median: how much of it is noise.</summary>
    internal double Noise => Error / Median;
}
