using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// One try at a lease beside parties from outside. Until the lease counts as granted its break and its revocation are kept back, since the
/// try may be repeated: what the user's code is told is of the lease that it gets. The parties are left when the lease has ended.
/// <para>
/// The coordinator keeps the delegate that revokes, and so this, as long as the lease is in force. So nothing here refers to the delegate
/// that tells of a break, nor to what the user holds; <see cref="Notice"/> does.
/// </para>
/// </summary>
internal sealed class LeaseAttempt
{
    private readonly UninterruptedLock _gate = new();
    private readonly OutsideSeat[] _seats;
    private readonly long[] _epochs;
    private readonly Action<LeaseBreak?>? _revoke;
    private readonly PartyHolds _holds;
    private Outcome _outcome;
    private bool _isRevokedEarly;
    private LeaseBreak? _revokedBy;

    /// <summary>Reads the epochs: to be made before the parties are joined.</summary>
    internal LeaseAttempt(Action<LeaseBreak?>? revoke, OutsideSeat[] seats, Action<Exception> failed)
    {
        _revoke = revoke;
        _seats = seats;
        _epochs = Array.ConvertAll(seats, static seat => seat.Epoch);
        _holds = new PartyHolds(seats.Length, failed);
    }

    private enum Outcome
    {
        Open,
        Granted,
        GivenUp,
    }

    internal void Joined(IDisposable membership) => _holds.Add(membership);

    /// <summary>
    /// The lease is in force: whether it may be granted, as no party has moved its epoch since before the first one joined.
    /// </summary>
    internal bool StillHolds()
    {
        // The lease is in the coordinator's table before the epochs are read here; a party moves its epoch before it looks at that table.
        Interlocked.MemoryBarrier();
        for (int i = 0; i < _seats.Length; i++)
        {
            if (_seats[i].Epoch != _epochs[i])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The caller gets the lease.</summary>
    internal void Grant()
    {
        using (_gate.Enter())
        {
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
            _holds.End();
        }
    }

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

        _revoke?.Invoke(leaseBreak);
        _holds.End(); // From here on nothing under the lease reaches the file; the coordinator strikes it off next.
    }

    /// <summary>Tells the user of a break of the lease, not before it is granted. Only the lease's handle keeps it.</summary>
    internal sealed class Notice(LeaseAttempt attempt, Action<LeaseBreak> onBreak)
    {
        private LeaseBreak? _early;

        /// <summary>In place of the request's own.</summary>
        internal void Tell(LeaseBreak leaseBreak)
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
