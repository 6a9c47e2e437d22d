namespace DirectMap;

/// <summary>What a request for a lease or a mapping does when it cannot be granted now.</summary>
public enum WhenUnavailable
{
    /// <summary>It is refused at once: <see cref="LeaseConflictException"/> with <see cref="LeaseConflict.WouldBlock"/>.</summary>
    Refuse = 0,

    /// <summary>
    /// It waits: for a pending break until the last breaker has finished its operation; for leases of others that exclude it until they are
    /// released.
    /// </summary>
    /// <remarks>Others may be granted compatible leases meanwhile.</remarks>
    Wait = 1,
}
