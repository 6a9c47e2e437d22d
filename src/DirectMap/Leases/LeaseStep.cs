namespace DirectMap.Leases;

/// <summary>
/// The places between two visits to the gate at which anything may happen; tests stop threads there and go through all orders.
/// </summary>
internal enum LeaseStep
{
    /// <summary>The table of a file was found, and may be retired before it is entered.</summary>
    TableFound,

    /// <summary>A break was begun; the holders are not told yet.</summary>
    BreakBegun,

    /// <summary>About to block until a breaker has the right, or a lease is granted.</summary>
    Waiting,

    /// <summary>That wait has ended, well or by giving up; nothing was done about it yet.</summary>
    Waited,

    /// <summary>A deadline has passed; the table does not know yet.</summary>
    DeadlinePassed,

    /// <summary>About to call a lease's Revoke.</summary>
    Revoking,

    /// <summary>A lease's Revoke has returned; the lease is still in force.</summary>
    Revoked,
}
