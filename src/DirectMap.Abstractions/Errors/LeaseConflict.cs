namespace DirectMap;

/// <summary>Why a lease or a layout operation could not be had.</summary>
public enum LeaseConflict
{
    /// <summary>It would have to wait, and the caller did not want to (EWOULDBLOCK).</summary>
    WouldBlock = 0,

    /// <summary>The operation would take blocks away from a live region of the same owner (EBUSY).</summary>
    /// <remarks>Nothing was changed.</remarks>
    Busy = 1,

    /// <summary>
    /// The caller would wait for itself (EDEADLK): its own lease is being broken, it is inside a break callback, it holds the right that is
    /// in the way, or two holders wait for each other to upgrade.
    /// </summary>
    Deadlock = 2,

    /// <summary>The deadline passed, but the holder's pages could not be replaced (EIO).</summary>
    /// <remarks>The lease stays in force; a later try tries again.</remarks>
    RevocationFailed = 3,

    /// <summary>Another owner holds the layout exclusively (ETXTBSY).</summary>
    /// <remarks>Nothing was changed, and no break was begun.</remarks>
    ExclusivelyHeld = 4,
}
