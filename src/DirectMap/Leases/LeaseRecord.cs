using System.Diagnostics;
using DirectMap.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// A lease as the table of its file knows it. The table keeps the record alive, and the record what must be invalidated; the handle
/// that the user holds is known only weakly, so that an abandoned handle is noticed and lets go. Everything mutable is written
/// under the table's gate.
/// </summary>
internal sealed class LeaseRecord : Obstacle
{
    // The links of LeaseIndex.
    internal LeaseNode Left;
    internal LeaseNode Right;
    internal long LeftEnd; // the largest end below Left
    internal long RightEnd;
    internal uint Priority;

    private readonly LeaseRequest _request;
    private volatile byte _state; // bytes, beside the priority: a lease is as small as it can be
    private volatile byte _mode;
    private volatile PendingBreak? _pending;

    internal LeaseRecord(LeaseRequest request, long acquired, Origin? origin)
    {
        // The callback may refer to what must be collected when the user forgets it: only the handle keeps it.
        _request = request.OnBreak is null ? request : request with { OnBreak = null };
        Range = request.Range;
        Acquired = acquired;
        Origin = origin;
        _mode = (byte)request.Mode;
    }

    internal object Owner => _request.Owner;

    internal string? Holder => _request.Holder;

    internal FileRange Range { get; }

    internal FileRange Mapped => _request.Mapped;

    internal Action<LeaseBreak?>? Revoke => _request.Revoke;

    internal Origin? Origin { get; }

    /// <summary>When it was taken, by <see cref="DeadlineClock.Now"/>.</summary>
    internal long Acquired { get; set; }

    /// <summary>Its place in the order of grants of its file.</summary>
    internal long Number { get; set; }

    /// <summary>Readable without the gate; a reader may see a state that has just ended.</summary>
    internal LeaseState State
    {
        get => (LeaseState)_state;
        set
        {
            Debug.Assert(IsNext(value), "3: a lease goes Active, Breaking, Revoked or Released, and nowhere else");
            _state = (byte)value;
        }
    }

    internal LeaseMode Mode
    {
        get => (LeaseMode)_mode;
        set => _mode = (byte)value;
    }

    /// <summary>Set once, before <see cref="State"/> becomes Breaking.</summary>
    internal PendingBreak? Pending
    {
        get => _pending;
        set
        {
            Debug.Assert(_pending is null && State == LeaseState.Active, "4: a lease is broken twice, or gets another deadline");
            _pending = value;
        }
    }

    internal LeaseBreak? Break => _pending?.Description;

    /// <summary>It is in the table's queue of leases to be revoked, or a thread is inside its Revoke, or that has failed.</summary>
    internal bool IsOverdue { get; set; }

    internal bool IsInForce => State <= LeaseState.Breaking;

    /// <summary>The way to the handle; null when the lease has ended.</summary>
    internal WeakReference<Tether>? Tether { get; set; }

    internal ITethered? Handle => Tether is { } weak && weak.TryGetTarget(out Tether? tether) ? tether.Handle : null;

    /// <summary>The handle while somebody awaits its break: the table keeps it alive then.</summary>
    internal ITethered? Awaited { get; set; }

    private bool IsNext(LeaseState state) => State switch
    {
        LeaseState.Active => state is LeaseState.Breaking or LeaseState.Released,
        LeaseState.Breaking => state is LeaseState.Revoked or LeaseState.Released,
        _ => false,
    };

    public override string ToString() => Holder ?? "an unnamed holder";
}
