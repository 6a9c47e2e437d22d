namespace DirectMap;

/// <summary>Who else may hold a lease on the same bytes, and what becomes of breakers.</summary>
public enum LeaseMode
{
    /// <summary>Any number of leases side by side (F_RDLCK).</summary>
    /// <remarks>Breakers break them.</remarks>
    Shared = 0,

    /// <summary>No lease of another owner on the same bytes (F_WRLCK).</summary>
    /// <remarks>
    /// Layout operations of other owners do not break it: they fail with <see cref="LeaseConflict.ExclusivelyHeld"/> (ETXTBSY).
    /// </remarks>
    Exclusive = 1,
}
