namespace DirectMap;

/// <summary>What a holder can know of the break of its lease: who, what, where and until when.</summary>
/// <remarks>It is immutable, and safe for any thread.</remarks>
public sealed record LeaseBreak
{
    /// <summary>The operation that began the break.</summary>
    /// <remarks>Breakers that join later are not listed: they share its deadline.</remarks>
    public required LayoutOperation Operation { get; init; }

    /// <summary>The bytes the operation touches.</summary>
    public required FileRange Range { get; init; }

    /// <summary>Who breaks, in words; for messages.</summary>
    public required string Breaker { get; init; }

    /// <summary>Which thread of which process breaks, by what system call; null for an operation through this library.</summary>
    public BreakerProcess? Process { get; init; }

    /// <summary>When the break began, by the coordinator's clock.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the lease is revoked unless it was released before; null when the break time is 0, which means never.</summary>
    public required DateTimeOffset? Deadline { get; init; }

    /// <summary>Returns a sentence for messages.</summary>
    public override string ToString() =>
        $"{Operation} of {Range} by {Breaker}, " + (Deadline is { } deadline ? $"deadline {deadline:O}" : "no deadline");
}
