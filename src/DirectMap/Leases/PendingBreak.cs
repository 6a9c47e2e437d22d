namespace DirectMap.Leases;

/// <summary>What one breaker began at one moment: the leases that it broke share their description and deadline. Everything mutable is written under the table's gate.</summary>
internal sealed class PendingBreak(FileLeases table, LeaseBreak description, long? deadline)
{
    private static long s_last;

    internal FileLeases Table { get; } = table;

    internal LeaseBreak Description { get; } = description;

    /// <summary>By the clock's timestamp, which no change of the wall clock moves; null for never.</summary>
    internal long? Deadline { get; } = deadline;

    /// <summary>Tells breaks with the same deadline apart.</summary>
    internal long Number { get; } = Interlocked.Increment(ref s_last);

    internal List<LeaseRecord> Leases { get; } = [];

    /// <summary>How many of the leases have not ended.</summary>
    internal int InForce { get; set; }
}
