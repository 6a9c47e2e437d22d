namespace DirectMap;

/// <summary>What a request for a lease, a mapping or a right (a breaker's) does when it cannot be granted now.</summary>
public enum WhenUnavailable
{
    /// <summary>It is refused at once: <see cref="LeaseConflictException"/> with <see cref="LeaseConflict.WouldBlock"/>.</summary>
    /// <remarks>
    /// Where the request is a breaker's, the break begins all the same, so a later try succeeds once the holders are gone.
    /// </remarks>
    Refuse = 0,

    /// <summary>
    /// It waits: for a pending break until the last breaker has finished its operation; for leases of others that exclude it until they are
    /// released.
    /// </summary>
    /// <remarks>
    /// Others may be granted compatible leases meanwhile. A breaker waits until each lease in its way was released or revoked, and for its
    /// turn among breakers.
    /// </remarks>
    Wait = 1,
}
