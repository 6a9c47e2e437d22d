namespace DirectMap;

/// <summary>Who else may hold a lease on the same bytes, and what becomes of breakers.</summary>
public enum LeaseMode
{
    /// <summary>Any number of leases side by side (F_RDLCK). Breakers break them.</summary>
    Shared = 0,

    /// <summary>
    /// No lease of another owner on the same bytes (F_WRLCK). Layout operations of other owners do not break it: they fail with
    /// <see cref="LeaseConflict.ExclusivelyHeld"/> (ETXTBSY).
    /// </summary>
    Exclusive = 1,
}
