namespace DirectMap.Benchmarks.Targets;

/// <summary>What <see cref="Paired"/> measured.</summary>
/// <param name="Measured">Median time of one piece of work, ns.</param>
/// <param name="Peer">The same of the peer.</param>
/// <param name="Ratio">Median of the pairs' ratios, measured to peer.</param>
internal sealed record Comparison(double Measured, double Peer, double Ratio)
{
    /// <summary>The same for one of so many that each piece of work on both sides had.</summary>
    internal Comparison Each(int parts) => this with { Measured = Measured / parts, Peer = Peer / parts };
}
