namespace DirectMap.Benchmarks.Targets;

/// <summary>What <see cref="Paired"/> measured.</summary>
/// <param name="Measured">Median time of one piece of work, ns.</param>
/// <param name="Peer">The same of the peer.</param>
/// <param name="Ratio">Median of the pairs' ratios, measured to peer.</param>
internal sealed record Comparison(double Measured, double Peer, double Ratio);
