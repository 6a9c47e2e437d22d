namespace DirectMap;

/// <summary>What happens to a mapping whose lease is revoked while code is still at work in it.</summary>
public enum RevocationKind
{
    /// <summary>
    /// Its pages are replaced by others, at once, whatever is open: from then on no store reaches the file, and no access
    /// is lost in a signal.
    /// </summary>
    PagesReplaced = 0,

    /// <summary>It is taken away as soon as no scope is open in it.</summary>
    /// <remarks>
    /// While one is, the file stays mapped, and the breaker is told so (<see cref="LeaseConflict.RevocationFailed"/>, EIO) instead of going
    /// on.
    /// </remarks>
    Cooperative = 1,
}
