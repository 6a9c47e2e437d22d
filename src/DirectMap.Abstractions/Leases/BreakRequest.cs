namespace DirectMap;

/// <summary>A breaker's request for the right to change the layout of a file.</summary>
public sealed record BreakRequest
{
    /// <summary>The file.</summary>
    public required FileId File { get; init; }

    /// <summary>The owner who asks; its own leases are not broken.</summary>
    public required object Owner { get; init; }

    /// <summary>What is to be done.</summary>
    public required LayoutOperation Operation { get; init; }

    /// <summary>The bytes it touches.</summary>
    /// <remarks>An empty range touches no lease and waits for nobody.</remarks>
    public required FileRange Range { get; init; }

    /// <summary>
    /// Whether the operation takes blocks away, so that it must not touch what the same owner has mapped (punch hole, truncate downward).
    /// </summary>
    public bool TakesBlocksAway { get; init; }

    /// <summary>Who asks, in words; holders see it as <see cref="LeaseBreak.Breaker"/>.</summary>
    public required string Breaker { get; init; }

    /// <summary>Which thread of which process asks, where it does not do so through this library; null where it does.</summary>
    /// <remarks>Holders see it as <see cref="LeaseBreak.Process"/>.</remarks>
    public BreakerProcess? Process { get; init; }

    /// <summary>How the breaker waits.</summary>
    public BreakOptions Options { get; init; } = BreakOptions.Default;

    /// <summary>Returns what is to be done and by whom, for messages.</summary>
    public override string ToString() => $"{Operation} of {Range} by {Breaker}";
}
