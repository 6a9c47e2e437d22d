using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// One try at a lease beside parties from outside. Until the lease counts as granted its break and its revocation are kept back, since the
/// try may be repeated: what the user's code is told is of the lease that it gets. The parties are left when the lease has ended.
/// <para>
/// The coordinator keeps the delegate that revokes, and so this, as long as the lease is in force. So nothing here refers to the delegate
/// that tells of a break, nor to what the user holds; <see cref="Notice"/> does.
/// </para>
/// Invariants, under the gate:
/// <list type="number">
/// <item>An attempt is granted, or given up, once.</item>
/// <item>What was given for an upgrade ends before what was given for the lease, and none is kept when the parties have been left.</item>
/// </list>
/// </summary>
internal sealed class LeaseAttempt
{
    private readonly UninterruptedLock _gate = new();
    private readonly SeatEpochs _epochs;
    private readonly FileArbiter? _arbiter;
    private readonly Action<LeaseBreak?>? _revoke;
    private readonly PartyHolds _holds;
    private Outcome _outcome;
    private PartyHolds? _upgrade; // what was given for it to be exclusive
    private TaskCompletionSource? _upgrading;
    private bool _isLeft;
    private bool _isRevokedEarly;
    private LeaseBreak? _revokedBy;

    /// <summary>Reads the epochs: to be made before the parties are joined.</summary>
    internal LeaseAttempt(Action<LeaseBreak?>? revoke, OutsideSeat[] seats, Action<Exception> failed)
    {
        _revoke = revoke;
        _arbiter = seats.Length == 0 ? null : seats[0].Arbiter;
        _epochs = new SeatEpochs(seats);
        _holds = new PartyHolds(seats.Length, failed);
    }

    private enum Outcome
    {
        Open,
        Granted,
        GivenUp,
    }

    internal void Joined(IDisposable membership) => _holds.Add(membership);

    /// <inheritdoc cref="SeatEpochs.StillHold"/>
    internal bool StillHolds() => _epochs.StillHold();

    /// <summary>The caller gets the lease.</summary>
    internal void Grant()
    {
        using (_gate.Enter())
        {
            Debug.Assert(_outcome == Outcome.Open, "1: an attempt that has ended is granted");
            _outcome = Outcome.Granted;
            if (!_isRevokedEarly)
            {
                return;
            }
        }

        Revoke(_revokedBy);
    }

    /// <summary>Nobody gets the lease: the parties are left, after it was released.</summary>
    internal void GiveUp(ILayoutLease? lease)
    {
        using (_gate.Enter())
        {
            Debug.Assert(_outcome == Outcome.Open, "1: an attempt that has ended is given up");
            _outcome = Outcome.GivenUp;
        }

        End(lease);
    }

    /// <summary>The lease ends, and with it what the parties gave.</summary>
    internal void End(ILayoutLease? lease)
    {
        try
        {
            lease?.Dispose();
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>An upgrade of the lease begins, unless another one is under way, which it returns.</summary>
    internal Task? TryBeginUpgrade()
    {
        using (_gate.Enter())
        {
            if (_upgrading is { } other)
            {
                return other.Task;
            }

            _upgrading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return null;
        }
    }

    internal void EndUpgrade()
    {
        TaskCompletionSource? ended;
        using (_gate.Enter())
        {
            (ended, _upgrading) = (_upgrading, null);
        }

        Debug.Assert(ended is not null, "an upgrade ends that has not begun");
        ended.Complete();
    }

    /// <summary>The lease is exclusive now: what the parties gave for that is theirs until it is not any more.</summary>
    internal void Upgraded(PartyHolds holds) => Exchange(holds);

    /// <summary>It is shared again: the parties are left that joined for more.</summary>
    internal void Downgraded() => Exchange(null);

    /// <summary>In place of the request's own: at the deadline, or when the lease was forgotten.</summary>
    internal void Revoke(LeaseBreak? leaseBreak)
    {
        using (_gate.Enter())
        {
            if (_outcome == Outcome.Open)
            {
                _isRevokedEarly = true;
                _revokedBy = leaseBreak;
            }

            if (_outcome != Outcome.Granted)
            {
                return; // Nothing lives under it.
            }
        }

        // What lives under the lease may be what keeps the inode, whose parties are left before they are let go.
        using KeptInode kept = _arbiter?.KeepInode() ?? default;
        _revoke?.Invoke(leaseBreak);
        Leave(); // From here on nothing under the lease reaches the file; the coordinator strikes it off next.
    }

    [Conditional("DEBUG")]
    internal void AssertAllJoined() => Debug.Assert(_holds.IsFull, "1: a lease is granted that not every party has joined for");

    private void Leave()
    {
        using (_gate.Enter())
        {
            _isLeft = true;
        }

        Exchange(null);
        _ = _holds.End();
    }

    /// <summary>What was given for an upgrade ends when there is another one, or none.</summary>
    private void Exchange(PartyHolds? upgrade)
    {
        using (_gate.Enter())
        {
            if (upgrade is null || !_isLeft)
            {
                (_upgrade, upgrade) = (upgrade, _upgrade);
            }
        }

        _ = upgrade?.End();
    }

    /// <summary>Tells the user of a break of the lease, not before it is granted. Only the lease's handle keeps it.</summary>
    internal sealed class Notice(LeaseAttempt attempt, Action<LeaseBreak> onBreak)
    {
        private LeaseBreak? _early;

        /// <summary>In place of the request's own.</summary>
        internal void Notify(LeaseBreak leaseBreak)
        {
            using (attempt._gate.Enter())
            {
                if (attempt._outcome == Outcome.Open)
                {
                    _early = leaseBreak;
                }

                if (attempt._outcome != Outcome.Granted)
                {
                    return;
                }
            }

            onBreak(leaseBreak);
        }

        /// <summary>After the lease was granted.</summary>
        internal void Granted(Action<Exception> failed)
        {
            LeaseBreak? early;
            using (attempt._gate.Enter())
            {
                (early, _early) = (_early, null);
            }

            if (early is not null)
            {
                UserCode.Queue(onBreak, early, failed);
            }
        }
    }
}
