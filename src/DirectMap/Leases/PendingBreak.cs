namespace DirectMap.Leases;

/// <summary>
/// What one breaker began at one moment: the leases that it broke share their description and deadline. Everything mutable is written
/// under the table's gate.
/// </summary>
internal sealed class PendingBreak(IOverdue table, LeaseRecord[] leases, LeaseBreak description, long? deadline, long began)
{
    internal IOverdue Table { get; } = table;

    internal LeaseBreak Description { get; } = description;

    /// <summary>By the clock's timestamp, which no change of the wall clock moves; null for never.</summary>
    internal long? Deadline { get; } = deadline;

    /// <summary>From when on its holders are timed, as those who watch have it.</summary>
    internal long Began { get; } = began;

    // The links of Deadlines, under its gate.
    internal PendingBreak? Earlier { get; set; }

    internal PendingBreak? Later { get; set; }

    internal bool IsWatched { get; set; }

    /// <summary>Which it broke; none when all have ended.</summary>
    internal LeaseRecord[] Leases { get; set; } = leases;

    /// <summary>How many of the leases have not ended.</summary>
    internal int InForce { get; set; }
}
