using System.Diagnostics.CodeAnalysis;

namespace DirectMap.Leases;

/// <summary>
/// The leases and breakers of one file: the state machine of the coordinator. Invariants, each with a test in LeaseInvariantTests:
/// <list type="number">
/// <item>While a breaker is running, no lease of another owner that its range touches is in force.</item>
/// <item>No two running breakers touch the same byte; of those that do, the one that arrived first runs first.</item>
/// <item>A lease goes Active -> Breaking -> Revoked or Released, or Active -> Released, and nowhere else; its holder is told once, when it becomes Breaking.</item>
/// <item>The deadline is fixed when the lease becomes Breaking. Later breakers share it.</item>
/// <item>No lease is granted on a range that an unfinished breaker or a broken lease touches.</item>
/// <item>A lease that is revoked is in force until its Revoke has returned: accesses fail and pages are gone before the breaker goes on.</item>
/// <item>No user code runs while the gate is held. (Completing a task here is not user code: every source runs its continuations asynchronously.)</item>
/// </list>
/// A table without leases and breakers is retired: it is taken out of the coordinator and never used again.
/// </summary>
internal sealed partial class FileLeases
{
    private readonly Lock _gate = new();
    private readonly LeaseCoordinator _coordinator;
    private readonly FileId _file;
    private readonly List<LeaseRecord> _leases = [];
    private readonly List<Breaker> _breakers = []; // unfinished, in order of arrival
    private readonly List<LeaseWaiter> _waiters = [];
    private bool _retired;

    internal FileLeases(LeaseCoordinator coordinator, FileId file)
    {
        _coordinator = coordinator;
        _file = file;
    }

    /// <summary>Grants a lease, or queues a waiter. False: the table is retired.</summary>
    internal bool TryAcquire(LeaseRequest request, out LayoutLease? lease, out LeaseWaiter? waiter)
    {
        lease = null;
        waiter = null;
        lock (_gate)
        {
            if (_retired)
            {
                return false;
            }

            if (!IsBreakPendingUnsynchronized(request.Range))
            {
                lease = GrantUnsynchronized(request);
                return true;
            }

            if (request.WhenBreaking == PendingBreakBehavior.Refuse)
            {
                throw new LeaseConflictException(LeaseConflict.WouldBlock, $"A lease for {request.Holder ?? request.Range.ToString()}: a break is pending", leaseBreak: BreakOnUnsynchronized(request.Range));
            }

            if (BreakCallback.IsRunningHere)
            {
                throw new LeaseConflictException(LeaseConflict.Deadlock, $"A lease for {request.Holder ?? request.Range.ToString()}: a break callback cannot wait for it");
            }

            waiter = new LeaseWaiter(request);
            _waiters.Add(waiter);
            return true;
        }
    }

    /// <summary>Begins the break for a breaker and queues it. False: the table is retired. Otherwise the breaker is running, or has a task to wait for.</summary>
    internal bool TryBreak(BreakRequest request, [NotNullWhen(true)] out Breaker? breaker)
    {
        breaker = null;
        List<LayoutLease>? broken = null;
        try
        {
            lock (_gate)
            {
                if (_retired)
                {
                    return false;
                }

                breaker = new Breaker(this, request);
                try
                {
                    EnqueueUnsynchronized(breaker, ref broken);
                }
                catch
                {
                    RetireIfEmptyUnsynchronized();
                    throw;
                }
            }
        }
        finally
        {
            // Also when the breaker did not want to wait: the break goes on, so the holders are told.
            foreach (LayoutLease holder in broken ?? [])
            {
                holder.Notify(holder.CurrentBreak!);
            }
        }

        return true;
    }

    internal void Release(LeaseRecord record)
    {
        lock (_gate)
        {
            EndUnsynchronized(record, LeaseState.Released);
        }
    }

    /// <summary>The handle was collected: nobody can reach what lives under the lease, which is invalidated all the same before the lease goes.</summary>
    internal void Abandon(LeaseRecord record)
    {
        try
        {
            if (record.IsInForce)
            {
                record.Revoke?.Invoke(record.Break);
            }
        }
        catch (Exception)
        {
            // On the finalizer's thread an exception would end the process; what could not be invalidated has no user left.
        }

        Release(record);
    }

    internal void Finish(Breaker breaker)
    {
        lock (_gate)
        {
            if (_breakers.Remove(breaker))
            {
                breaker.IsRunning = false;
                AdvanceUnsynchronized();
            }
        }
    }

    /// <summary>The breaker gives up waiting; the break goes on. False: it holds the right already, and must finish.</summary>
    internal bool TryWithdraw(Breaker breaker)
    {
        lock (_gate)
        {
            if (breaker.IsRunning)
            {
                return false;
            }

            if (_breakers.Remove(breaker))
            {
                AdvanceUnsynchronized();
            }

            return true;
        }
    }

    /// <summary>The request gives up waiting. False: the lease is granted already.</summary>
    internal bool TryWithdraw(LeaseWaiter waiter)
    {
        lock (_gate)
        {
            bool withdrawn = _waiters.Remove(waiter);
            RetireIfEmptyUnsynchronized();
            return withdrawn;
        }
    }

    private void EnqueueUnsynchronized(Breaker breaker, ref List<LayoutLease>? broken)
    {
        BreakRequest request = breaker.Request;
        ThrowIfAgainstOwnLeasesUnsynchronized(request);
        bool mustWait = MustWaitUnsynchronized(breaker);
        if (mustWait && !request.Options.NonBlocking && BreakCallback.IsRunningHere)
        {
            throw new LeaseConflictException(LeaseConflict.Deadlock, $"{request}: a break callback cannot wait for the holders of leases");
        }

        BeginBreakUnsynchronized(request, ref broken);
        if (mustWait && request.Options.NonBlocking)
        {
            throw new LeaseConflictException(LeaseConflict.WouldBlock, $"{request} would have to wait for leases or other breakers", leaseBreak: BreakOnUnsynchronized(request.Range));
        }

        _breakers.Add(breaker);
        if (mustWait)
        {
            breaker.Granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        else
        {
            breaker.IsRunning = true;
        }
    }

    private void ThrowIfAgainstOwnLeasesUnsynchronized(BreakRequest request)
    {
        foreach (LeaseRecord lease in _leases)
        {
            if (lease.Owner != request.Owner)
            {
                continue;
            }

            if (lease.State == LeaseState.Breaking)
            {
                throw new LeaseConflictException(LeaseConflict.Deadlock, $"{request}: a lease of the same owner is itself being broken; release it first", leaseBreak: lease.Break);
            }

            if (request.TakesBlocksAway && lease.Mapped.Overlaps(request.Range))
            {
                throw new LeaseConflictException(LeaseConflict.Busy, $"{request} would take blocks away from a region of the same owner at {lease.Mapped}");
            }
        }
    }

    private void BeginBreakUnsynchronized(BreakRequest request, ref List<LayoutLease>? broken)
    {
        LeaseBreak? leaseBreak = null;
        long? deadline = null;
        foreach (LeaseRecord lease in _leases)
        {
            if (!Conflicts(lease, request))
            {
                continue;
            }

            if (lease.State == LeaseState.Active)
            {
                leaseBreak ??= Describe(request, out deadline);
                if (deadline is not null)
                {
                    // Before the state changes: without a thread to hold the deadline nothing may begin to break.
                    EnsureRevocationThreadUnsynchronized();
                }

                lease.Break = leaseBreak;
                lease.DeadlineTimestamp = deadline;
                lease.State = LeaseState.Breaking;
                if (lease.Handle is { } holder)
                {
                    (broken ??= []).Add(holder);
                }
            }
            else if (lease.RevocationFailure is not null)
            {
                EnsureRevocationThreadUnsynchronized();
                lease.RevocationFailure = null; // Each new breaker is a new attempt.
            }
        }

        EnsureWatchUnsynchronized();
        _revocation?.Wake();
    }

    private LeaseBreak Describe(BreakRequest request, out long? deadlineTimestamp)
    {
        TimeSpan breakTime = _coordinator.LeaseBreakTime;
        DateTimeOffset now = _coordinator.TimeProvider.GetUtcNow();
        deadlineTimestamp = breakTime == TimeSpan.Zero ? null : _coordinator.Clock.After(breakTime);
        return new LeaseBreak
        {
            Operation = request.Operation,
            Range = request.Range,
            Breaker = request.Breaker,
            StartedAt = now,
            Deadline = breakTime == TimeSpan.Zero ? null : now + breakTime,
        };
    }

    private LayoutLease GrantUnsynchronized(LeaseRequest request)
    {
        LeaseRecord record = new(this, request);
        LayoutLease lease = new(record, request.OnBreak, _coordinator.CallbackReport);
        _leases.Add(record);
        return lease;
    }

    private void EndUnsynchronized(LeaseRecord record, LeaseState state)
    {
        if (record.IsInForce)
        {
            record.State = state;
            _leases.Remove(record);
            AdvanceUnsynchronized();
        }
    }

    /// <summary>Lets everybody go on who no longer has to wait. Called after each change that may free somebody.</summary>
    private void AdvanceUnsynchronized()
    {
        for (int i = 0; i < _breakers.Count; i++)
        {
            Breaker breaker = _breakers[i];
            if (breaker.IsRunning)
            {
                continue;
            }

            if (RevocationFailureUnsynchronized(breaker) is { } failure)
            {
                _breakers.RemoveAt(i--);
                breaker.Granted!.TrySetException(new LeaseConflictException(
                    LeaseConflict.RevocationFailed,
                    $"{breaker.Request}: the deadline passed, but a holder could not be invalidated",
                    failure));
                _ = breaker.Granted.Task.Exception; // Observed: the waiter may have given up at this moment.
            }
            else if (!MustWaitUnsynchronized(breaker))
            {
                breaker.IsRunning = true;
                breaker.Granted!.TrySetResult();
            }
        }

        for (int i = 0; i < _waiters.Count; i++)
        {
            LeaseWaiter waiter = _waiters[i];
            if (!IsBreakPendingUnsynchronized(waiter.Request.Range))
            {
                _waiters.RemoveAt(i--);
                waiter.Granted.TrySetResult(GrantUnsynchronized(waiter.Request));
            }
        }

        _revocation?.Wake();
        RetireIfEmptyUnsynchronized();
    }

    private bool MustWaitUnsynchronized(Breaker breaker)
    {
        foreach (LeaseRecord lease in _leases)
        {
            if (Conflicts(lease, breaker.Request))
            {
                return true;
            }
        }

        foreach (Breaker earlier in _breakers)
        {
            if (ReferenceEquals(earlier, breaker))
            {
                break;
            }

            if (earlier.Range.Overlaps(breaker.Range))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsBreakPendingUnsynchronized(FileRange range)
    {
        foreach (Breaker breaker in _breakers)
        {
            if (breaker.Range.Overlaps(range))
            {
                return true;
            }
        }

        foreach (LeaseRecord lease in _leases)
        {
            if (lease.State == LeaseState.Breaking && lease.Range.Overlaps(range))
            {
                return true;
            }
        }

        return false;
    }

    private LeaseBreak? BreakOnUnsynchronized(FileRange range) =>
        _leases.Find(lease => lease.State == LeaseState.Breaking && lease.Range.Overlaps(range))?.Break;

    private void RetireIfEmptyUnsynchronized()
    {
        if (!_retired && _leases.Count == 0 && _breakers.Count == 0 && _waiters.Count == 0)
        {
            _retired = true;
            _coordinator.Forget(_file, this);
        }
    }

    private static bool Conflicts(LeaseRecord lease, BreakRequest request) =>
        lease.IsInForce && lease.Owner != request.Owner && lease.Range.Overlaps(request.Range);
}
