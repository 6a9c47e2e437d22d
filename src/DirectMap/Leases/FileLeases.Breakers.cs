using System.Diagnostics.CodeAnalysis;
using DirectMap.Diagnostics;

namespace DirectMap.Leases;

/// <content>How breakers arrive, begin breaks, wait and finish.</content>
internal sealed partial class FileLeases
{
    private Dictionary<object, int>? _breakingOwners; // how many broken leases in force each owner has

    /// <summary>
    /// Begins the break for a breaker and queues it. False: the table is retired. Otherwise the breaker is running and <paramref name="right"/> its handle, or it has a task to wait for.
    /// </summary>
    internal bool TryBreak(BreakRequest request, [NotNullWhen(true)] out Breaker? breaker, out LayoutBreak? right)
    {
        right = null;
        Breaker arriving = new(this, request, _coordinator.Clock.Coarse, _coordinator.CaptureOrigin());
        BreakStart start = new(_coordinator);
        breaker = arriving;
        try
        {
            using (EnterGate())
            {
                if (_retired)
                {
                    return false;
                }

                EnqueueUnsynchronized(arriving, ref start);
                if (arriving.IsRunning)
                {
                    right = HandUnsynchronized(arriving);
                }
            }
        }
        finally
        {
            // Also when the breaker did not want to wait: the break goes on, so the holders are told.
            start.Announce();
        }

        return true;
    }

    /// <summary>The right of a breaker that was granted it while it waited.</summary>
    internal LayoutBreak Hand(Breaker breaker)
    {
        using (EnterGate())
        {
            return HandUnsynchronized(breaker);
        }
    }

    /// <summary>The operation is finished. Idempotent.</summary>
    internal void Finish(Breaker breaker, LayoutBreak right)
    {
        using (EnterGate())
        {
            DetachUnsynchronized(ref right.Tether);
            RemoveUnsynchronized(breaker);
        }
    }

    /// <summary>The handle was collected.</summary>
    internal void Abandon(Breaker breaker)
    {
        breaker.Origin?.Report(DiagnosticKind.BreakNotFinished, breaker.Request.ToString());
        using (EnterGate())
        {
            RemoveUnsynchronized(breaker);
        }
    }

    /// <summary>The breaker gives up waiting; the break goes on. False: it holds the right already, and must finish.</summary>
    internal bool TryWithdraw(Breaker breaker)
    {
        using (EnterGate())
        {
            if (breaker.IsRunning)
            {
                return false;
            }

            RemoveUnsynchronized(breaker);
            return true;
        }
    }

    private LayoutBreak HandUnsynchronized(Breaker breaker)
    {
        LayoutBreak right = new(breaker);
        AttachUnsynchronized(right, breaker, ref right.Tether);
        return right;
    }

    private void RemoveUnsynchronized(Breaker breaker)
    {
        if (_breakers.Remove(breaker))
        {
            breaker.IsRunning = false;
            AdvanceUnsynchronized();
        }
    }

    private void EnqueueUnsynchronized(Breaker breaker, ref BreakStart start)
    {
        BreakRequest request = breaker.Request;
        ThrowIfRefusedUnsynchronized(request);
        bool mustWait = MustWaitUnsynchronized(breaker);
        if (mustWait && !request.Options.NonBlocking)
        {
            ThrowIfWaitingForItselfUnsynchronized(breaker);
        }

        BeginBreakUnsynchronized(request, ref start);
        RetryRevocationsUnsynchronized(request, ref start);
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

    private void ThrowIfRefusedUnsynchronized(BreakRequest request)
    {
        if (_breakingOwners is not null && _breakingOwners.ContainsKey(request.Owner))
        {
            throw new LeaseConflictException(LeaseConflict.Deadlock, $"{request}: a lease of the same owner is itself being broken; release it first", leaseBreak: _breaking.Find(LeaseFilter.OfOwner(request.Owner))?.Break);
        }

        if (request.TakesBlocksAway && _active.Find(LeaseFilter.MappedBy(request.Range, request.Owner)) is { } mapped)
        {
            throw new LeaseConflictException(LeaseConflict.Busy, $"{request} would take blocks away from a region of the same owner at {mapped.Mapped}");
        }

        if (_exclusive != 0 && _active.Find(LeaseFilter.ExclusiveOfOthers(request.Range, request.Owner)) is { } exclusive)
        {
            throw new LeaseConflictException(LeaseConflict.ExclusivelyHeld, $"{request}: {exclusive} holds {exclusive.Range} exclusively");
        }
    }

    private void ThrowIfWaitingForItselfUnsynchronized(Breaker breaker)
    {
        if (BreakCallback.IsRunningHere)
        {
            throw new LeaseConflictException(LeaseConflict.Deadlock, $"{breaker.Request}: a break callback cannot wait for the holders of leases");
        }

        // What is under the right waits at most for other operations under it, which end by themselves.
        if (!_breakers.Exists(right => right.Covers(breaker)) && _breakers.Exists(right => IsRightHeldBy(right, breaker.Request.Owner, breaker.Range)))
        {
            throw new LeaseConflictException(LeaseConflict.Deadlock, $"{breaker.Request}: the same owner holds the right to change a part of it, and would have to wait for the rest; ask for the whole at once");
        }
    }

    private void BeginBreakUnsynchronized(BreakRequest request, ref BreakStart start)
    {
        LeaseFilter others = LeaseFilter.OfOthers(request.Range, request.Owner);
        if (_active.IsEmpty || _active.Find(others) is null)
        {
            return;
        }

        // Before any state changes: without somebody to hold the deadline nothing may begin to break.
        PendingBreak pending = new(this, start.Describe(request, out long? deadline), deadline);
        _active.Collect(others, pending.Leases);
        if (deadline is not null)
        {
            _coordinator.Deadlines.Add(pending);
        }

        start.Begun = pending;
        pending.InForce = pending.Leases.Count;
        _breakingOwners ??= new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        foreach (LeaseRecord lease in pending.Leases)
        {
            _active.Remove(lease);
            lease.Pending = pending;
            lease.State = LeaseState.Breaking;
            _breaking.Add(lease);
            _breakingOwners[lease.Owner] = _breakingOwners.GetValueOrDefault(lease.Owner) + 1;
            if (lease.Handle is { } holder)
            {
                (start.Told ??= []).Add(holder);
                lease.Awaited = null;
            }

            if (_waiters.Count != 0)
            {
                FailUpgradesUnsynchronized(lease, static lease => new LeaseConflictException(LeaseConflict.Deadlock, $"An upgrade of {lease}: it is being broken", leaseBreak: lease.Break));
            }
        }
    }

    /// <summary>A broken lease has ended.</summary>
    private void LeaveBreakUnsynchronized(LeaseRecord lease)
    {
        int left = _breakingOwners![lease.Owner] - 1;
        if (left == 0)
        {
            _breakingOwners.Remove(lease.Owner);
        }
        else
        {
            _breakingOwners[lease.Owner] = left;
        }

        _failed.Remove(lease);
        PendingBreak pending = lease.Pending!;
        if (--pending.InForce == 0 && pending.Deadline is not null)
        {
            _coordinator.Deadlines.Remove(pending);
        }
    }

    private void AdvanceBreakersUnsynchronized()
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
    }

    private bool MustWaitUnsynchronized(Breaker breaker)
    {
        LeaseFilter others = LeaseFilter.OfOthers(breaker.Range, breaker.Request.Owner);
        if (_active.Find(others) is not null || _breaking.Find(others) is not null)
        {
            return true;
        }

        if (_breakers.Count == 0)
        {
            return false;
        }

        bool isUnderRight = _breakers.Exists(right => right.Covers(breaker));
        bool isEarlier = true;
        foreach (Breaker other in _breakers)
        {
            if (ReferenceEquals(other, breaker))
            {
                isEarlier = false;
            }
            else if (other.Range.Overlaps(breaker.Range) && (other.IsRunning ? !other.Covers(breaker) : isEarlier && !isUnderRight))
            {
                return true;
            }
        }

        return false;
    }
}
