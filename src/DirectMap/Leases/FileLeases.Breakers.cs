using System.Diagnostics.CodeAnalysis;
using DirectMap.Diagnostics;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <content>How breakers arrive, begin breaks, wait and finish.</content>
internal sealed partial class FileLeases
{
    private readonly List<LeaseRecord> _touched = []; // for one use, under the gate
    private OwnerCounts _breakingOwners; // how many broken leases in force each owner has

    /// <summary>
    /// Begins the break for a breaker and queues it. False: the table is retired. Otherwise the breaker is running and
    /// <paramref name="right"/> its handle, or <paramref name="granted"/> is to be waited for.
    /// </summary>
    internal bool TryBreak(BreakRequest request, [NotNullWhen(
        true)] out Breaker? breaker, out LayoutBreak? right, out Task<ILayoutBreak>? granted, out BreakWait? wait)
    {
        right = null;
        granted = null;
        wait = null;
        long now = _coordinator.Clock.Now;
        Breaker arriving = new(this, request, now, _coordinator.CaptureOrigin());
        BreakStart start = new(_coordinator, now);
        breaker = arriving;
        try
        {
            using (EnterGate())
            {
                if (_retired)
                {
                    return false;
                }

                right = EnqueueUnsynchronized(arriving, ref start);
                granted = arriving.Granted?.Task;
            }
        }
        catch (Exception exception)
        {
            // Also when the breaker did not want to wait: the break goes on, so the holders are told.
            start.Announce();
            start.Tell(request, exception)?.End(exception);
            throw;
        }

        start.Announce();
        if (granted is not null)
        {
            wait = start.Tell(request, failure: null);
        }

        return true;
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

    private LayoutBreak GrantUnsynchronized(Breaker breaker)
    {
        breaker.IsRunning = true;
        LayoutBreak right = new(breaker);
        AttachUnsynchronized(right, ref right.Tether);
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

    private LayoutBreak? EnqueueUnsynchronized(Breaker breaker, ref BreakStart start)
    {
        BreakRequest request = breaker.Request;
        ThrowIfRefusedUnsynchronized(request);
        bool mustWait = MustWaitUnsynchronized(breaker);
        if (mustWait)
        {
            ThrowIfWaitingForItselfUnsynchronized(breaker);
        }

        BeginBreakUnsynchronized(request, ref start);
        RetryRevocationsUnsynchronized(request, ref start);
        if (mustWait && request.Options.NonBlocking)
        {
            throw new LeaseConflictException(
                LeaseConflict.WouldBlock,
                $"{request} would have to wait for leases or other breakers",
                leaseBreak: BreakOnUnsynchronized(request.Range));
        }

        _breakers.Add(breaker);
        if (!mustWait)
        {
            return GrantUnsynchronized(breaker);
        }

        breaker.Granted = new TaskCompletionSource<ILayoutBreak>(TaskCreationOptions.RunContinuationsAsynchronously);
        return null;
    }

    private void ThrowIfRefusedUnsynchronized(BreakRequest request)
    {
        if (request.Range.Length == 0)
        {
            return; // It touches nothing and waits for nobody, also not for its owner.
        }

        if (_breakingOwners.Contains(request.Owner))
        {
            throw new LeaseConflictException(
                LeaseConflict.Deadlock,
                $"{request}: a lease of the same owner is itself being broken; release it first",
                leaseBreak: _breaking.Find(LeaseFilter.OfOwner(request.Owner))?.Break);
        }

        if (request.TakesBlocksAway && _active.Find(LeaseFilter.MappedBy(request.Range, request.Owner)) is { } mapped)
        {
            throw new LeaseConflictException(
                LeaseConflict.Busy, $"{request} would take blocks away from a region of the same owner at {mapped.Mapped}, or move them");
        }

        if (_exclusive != 0 && _active.Find(LeaseFilter.ExclusiveOfOthers(request.Range, request.Owner)) is { } exclusive)
        {
            throw new LeaseConflictException(LeaseConflict.ExclusivelyHeld, $"{request}: {exclusive} holds {exclusive.Range} exclusively");
        }
    }

    private void ThrowIfWaitingForItselfUnsynchronized(Breaker breaker)
    {
        if (BreakCallback.IsRunningHere && !breaker.Request.Options.NonBlocking)
        {
            throw new LeaseConflictException(
                LeaseConflict.Deadlock, $"{breaker.Request}: a break callback cannot wait for the holders of leases");
        }

        // Also for who does not want to wait: he would try again and again, and wait for himself all the same.
        if (WaitsForItselfUnsynchronized(breaker.Request.Owner, breaker.Range, breaker))
        {
            throw new LeaseConflictException(
                LeaseConflict.Deadlock,
                $"{breaker.Request}: the same owner holds a right that it would have to wait for, itself or through other breakers; "
                    + "ask for the whole at once");
        }
    }

    private void BeginBreakUnsynchronized(BreakRequest request, ref BreakStart start)
    {
        LeaseFilter others = LeaseFilter.OfOthers(request.Range, request.Owner);
        _touched.Clear(); // An attempt that failed may have left something.
        _active.Collect(others, _touched);
        if (_touched.Count == 0)
        {
            return;
        }

        // Before any state changes: without somebody to hold the deadline nothing may begin to break.
        PendingBreak pending = new(this, [.. _touched], start.Describe(request, out long? deadline), deadline, start.Arrived);
        _touched.Clear();
        start.Told = new LayoutLease[pending.Leases.Length];
        if (deadline is not null)
        {
            _coordinator.Deadlines.Add(pending);
        }

        start.Begun = pending;
        for (int i = 0; i < pending.Leases.Length; i++)
        {
            LeaseRecord lease = pending.Leases[i];
            _breakingOwners.Add(lease.Owner); // First: it needs memory, what follows does not.
            pending.InForce++;
            _active.Remove(lease);
            lease.Pending = pending;
            lease.State = LeaseState.Breaking;
            _breaking.Add(lease);
            start.Told[i] = lease.Handle;
            lease.Awaited = null;

            if (_waiters.Count != 0)
            {
                FailUpgradesUnsynchronized(
                    lease,
                    static lease => new LeaseConflictException(
                        LeaseConflict.Deadlock, $"An upgrade of the lease of {lease}: it is being broken", leaseBreak: lease.Break));
            }
        }
    }

    /// <summary>A broken lease has ended.</summary>
    private void LeaveBreakUnsynchronized(LeaseRecord lease)
    {
        _breakingOwners.Remove(lease.Owner);

        _failed.Remove(lease);
        PendingBreak pending = lease.Pending!;
        if (--pending.InForce == 0)
        {
            pending.Leases = []; // A handle that is kept after its end must not keep all the others' leases.
            if (pending.Deadline is not null)
            {
                _coordinator.Deadlines.Remove(pending);
            }
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
                breaker.Granted!.Fail(new LeaseConflictException(
                    LeaseConflict.RevocationFailed,
                    $"{breaker.Request}: the deadline passed, but a holder could not be invalidated: {failure.Message}",
                    failure));
            }
            else if (!MustWaitUnsynchronized(breaker))
            {
                TaskCompletionSource<ILayoutBreak> granted = breaker.Granted!;
                breaker.Granted = null;
                granted.Complete(GrantUnsynchronized(breaker));
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

        bool isUnderRight = IsUnderRightUnsynchronized(breaker);
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

    private bool IsUnderRightUnsynchronized(Breaker breaker)
    {
        foreach (Breaker right in _breakers)
        {
            if (right.Covers(breaker))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Whether an arriving breaker, or a request for a lease (null), would wait for a right that its own owner holds: one that it touches
    /// and is not under, or one that a breaker waits for that it would have to wait for. (Operations that are running end by themselves, so
    /// they are not looked at. What was waiting already when the right was granted is another thread's business.)
    /// </summary>
    private bool WaitsForItselfUnsynchronized(object owner, FileRange range, Breaker? breaker)
    {
        List<Breaker>? rights = null;
        foreach (Breaker right in _breakers)
        {
            if (right is { IsRunning: true, Request.Operation: LayoutOperation.BreakLayout } && right.Request.Owner == owner)
            {
                if (right.Range.Overlaps(range) && (breaker is null || !right.Covers(breaker)))
                {
                    return true;
                }

                (rights ??= []).Add(right);
            }
        }

        if (rights is null || (breaker is not null && IsUnderRightUnsynchronized(breaker)))
        {
            return false;
        }

        // In the order of arrival, since one waits for those that came before.
        List<Breaker> stuck = [];
        foreach (Breaker other in _breakers)
        {
            if (!other.IsRunning
                && (rights.Exists(right => right.Range.Overlaps(other.Range) && !right.Covers(other))
                    || (!IsUnderRightUnsynchronized(other) && stuck.Exists(earlier => earlier.Range.Overlaps(other.Range)))))
            {
                if (other.Range.Overlaps(range))
                {
                    return true;
                }

                stuck.Add(other);
            }
        }

        return false;
    }
}
