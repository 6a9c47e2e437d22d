namespace DirectMap.Benchmarks.Report;

/// <summary>A line of a plot.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">From the left to the right; both values are more than 0.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points);
