namespace DirectMap.Leases;

/// <content>
/// Who watches the deadlines: at most one thread at a time is on duty. It goes off duty when it revokes, since that may take long, and when nothing is left to watch; whoever then
/// finds a deadline to be watched starts another one. So while a lease is Breaking with a deadline, and is neither being revoked nor failed, a thread is on duty or
/// as many as may are revoking.
/// </content>
internal sealed partial class FileLeases
{
    /// <summary>How many leases of the file are revoked at the same time, at most, while their Revoke blocks.</summary>
    private const int MaxRevoking = 8;

    private RevocationThread? _revocation; // the one on duty
    private int _revoking;

    /// <summary>
    /// What the watching thread has to do next: an overdue lease, or the deadline to wait for. With an overdue lease it is off duty: if there is more to watch, another thread
    /// does. False: nothing, the thread must end.
    /// </summary>
    internal bool TryGetNextRevocation(RevocationThread watcher, out LeaseRecord? overdue, out long deadline)
    {
        overdue = null;
        deadline = 0;
        lock (_gate)
        {
            LeaseRecord? next = NextToRevokeUnsynchronized();
            if (next is null || !ReferenceEquals(_revocation, watcher))
            {
                GoOffDutyUnsynchronized(watcher);
                return false;
            }

            deadline = next.DeadlineTimestamp!.Value;
            if (_coordinator.Clock.Until(deadline) == TimeSpan.Zero)
            {
                overdue = next;
                next.IsBeingRevoked = true;
                _revoking++;
                GoOffDutyUnsynchronized(watcher);
                EnsureWatchUnsynchronized();
            }

            return true;
        }
    }

    /// <summary>The lease's Revoke has returned or thrown. True: the thread is the one to watch again.</summary>
    internal bool TryCompleteRevocation(RevocationThread revoker, LeaseRecord record, Exception? failure)
    {
        lock (_gate)
        {
            record.IsBeingRevoked = false;
            _revoking--;
            if (failure is null)
            {
                EndUnsynchronized(record, LeaseState.Revoked);
            }
            else if (record.IsInForce)
            {
                record.RevocationFailure = failure;
                AdvanceUnsynchronized();
            }

            _revocation ??= revoker;
            return ReferenceEquals(_revocation, revoker);
        }
    }

    /// <summary>The watching thread cannot go on.</summary>
    internal void FailRevocations(RevocationThread watcher, Exception failure)
    {
        lock (_gate)
        {
            GoOffDutyUnsynchronized(watcher);
            foreach (LeaseRecord lease in _leases)
            {
                if (lease is { State: LeaseState.Breaking, DeadlineTimestamp: not null })
                {
                    lease.RevocationFailure ??= failure;
                }
            }

            AdvanceUnsynchronized();
        }
    }

    /// <summary>Puts a thread on duty if there is something to watch, as long as not too many revoke: then the next one that returns goes on duty.</summary>
    private void EnsureWatchUnsynchronized()
    {
        if (_revocation is null && _revoking < MaxRevoking && NextToRevokeUnsynchronized() is not null)
        {
            try
            {
                EnsureRevocationThreadUnsynchronized();
            }
            catch (Exception)
            {
                // No further thread is to be had: the deadlines wait for the return of one that revokes, or for the next breaker.
            }
        }
    }

    private LeaseRecord? NextToRevokeUnsynchronized()
    {
        LeaseRecord? next = null;
        foreach (LeaseRecord lease in _leases)
        {
            if (lease is { State: LeaseState.Breaking, IsBeingRevoked: false, RevocationFailure: null, DeadlineTimestamp: not null }
                && (next is null || lease.DeadlineTimestamp < next.DeadlineTimestamp))
            {
                next = lease;
            }
        }

        return next;
    }

    private void GoOffDutyUnsynchronized(RevocationThread watcher)
    {
        if (ReferenceEquals(_revocation, watcher))
        {
            _revocation = null;
        }
    }

    private void EnsureRevocationThreadUnsynchronized()
    {
        if (_revocation is null)
        {
            RevocationThread thread = new(this, _coordinator.Clock);
            thread.Start();
            _revocation = thread;
        }
    }

    private Exception? RevocationFailureUnsynchronized(Breaker breaker)
    {
        foreach (LeaseRecord lease in _leases)
        {
            if (lease.RevocationFailure is { } failure && Conflicts(lease, breaker.Request))
            {
                return failure;
            }
        }

        return null;
    }
}
