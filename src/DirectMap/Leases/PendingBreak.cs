namespace DirectMap.Leases;

/// <summary>
/// What one breaker began at one moment: the leases that it broke share their description and deadline. Everything mutable is written
/// under the table's gate.
/// </summary>
internal sealed class PendingBreak(IOverdue table, LeaseRecord[] leases, LeaseBreak description, long? deadline, long began)
    : WatchedDeadline(deadline)
{
    internal IOverdue Table { get; } = table;

    internal LeaseBreak Description { get; } = description;

    /// <summary>From when on its holders are timed, as those who watch have it.</summary>
    internal long Began { get; } = began;

    internal bool HasDeadline => At is not null;

    /// <summary>Which it broke; none when all have ended.</summary>
    internal LeaseRecord[] Leases { get; set; } = leases;

    /// <summary>How many of the leases have not ended.</summary>
    internal int InForce { get; set; }

    internal override void Pass() => Table.SetOverdue(this);

    internal override void Fail(Exception failure) => Table.FailRevocations(this, failure);
}
