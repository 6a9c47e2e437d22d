namespace DirectMap.Leases;

/// <summary>
/// A lease as the table of its file knows it. The table keeps the record alive, and the record what must be invalidated; the handle that the user holds is known only
/// weakly, so that an abandoned handle is finalized and lets go. Everything mutable is written under the table's gate.
/// </summary>
internal sealed class LeaseRecord
{
    private readonly WeakReference<LayoutLease?> _handle = new(null);
    private volatile LeaseState _state;
    private volatile LeaseBreak? _break;

    internal LeaseRecord(FileLeases table, LeaseRequest request)
    {
        Table = table;
        Owner = request.Owner;
        Range = request.Range;
        Mapped = request.Mapped;
        Revoke = request.Revoke;
    }

    internal FileLeases Table { get; }

    internal object Owner { get; }

    internal FileRange Range { get; }

    internal FileRange Mapped { get; }

    internal Action<LeaseBreak?>? Revoke { get; }

    /// <summary>Readable without the gate; a reader may see a state that has just ended.</summary>
    internal LeaseState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>Set once, before <see cref="State"/> becomes Breaking.</summary>
    internal LeaseBreak? Break
    {
        get => _break;
        set => _break = value;
    }

    /// <summary>Deadline by the clock's timestamp, which no change of the wall clock moves; null for never.</summary>
    internal long? DeadlineTimestamp { get; set; }

    /// <summary>Why the last attempt to revoke it failed; null when none did, or a new attempt is due.</summary>
    internal Exception? RevocationFailure { get; set; }

    internal bool IsInForce => _state is LeaseState.Active or LeaseState.Breaking;

    /// <summary>The handle while somebody awaits its break: the table keeps it alive then. Written under the handle's gate.</summary>
    internal LayoutLease? Awaited { get; set; }

    /// <summary>A thread is inside its Revoke.</summary>
    internal bool IsBeingRevoked { get; set; }

    internal LayoutLease? Handle
    {
        get => _handle.TryGetTarget(out LayoutLease? handle) ? handle : null;
        set => _handle.SetTarget(value);
    }
}
