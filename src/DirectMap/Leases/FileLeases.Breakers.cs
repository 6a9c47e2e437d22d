using System.Diagnostics.CodeAnalysis;
using DirectMap.Diagnostics;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <content>How breakers arrive, begin breaks, wait and finish.</content>
internal sealed partial class FileLeases
{
    private readonly List<LeaseRecord> _touched = []; // by the breaker that arrives, under the gate
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
        long now = _services.Clock.Now;
        Breaker arriving = new(this, request, now, _services.CaptureOrigin());
        BreakStart start = new(_services, now);
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

    private LayoutBreak? EnqueueUnsynchronized(Breaker breaker, ref BreakStart start)
    {
        BreakRequest request = breaker.Request;
        ThrowIfRefusedUnsynchronized(request);
        breaker.Number = ++_arrived;
        _touched.Clear(); // An attempt that failed may have left something.
        _active.Collect(LeaseFilter.OfOthers(request.Range, request.Owner), _touched);
        bool mustWait = _touched.Count != 0 || ObstacleOfUnsynchronized(breaker) is not null;
        if (mustWait)
        {
            ThrowIfWaitingForItselfUnsynchronized(breaker);
        }

        if (_touched.Count != 0)
        {
            BeginBreakUnsynchronized(request, ref start);
        }

        RetryRevocationsUnsynchronized(request, ref start);
        if (mustWait && request.Options.NonBlocking)
        {
            throw new LeaseConflictException(
                LeaseConflict.WouldBlock,
                $"{request} would have to wait for leases or other breakers",
                leaseBreak: BreakOnUnsynchronized(request.Range));
        }

        if (!mustWait)
        {
            return GrantUnsynchronized(breaker);
        }

        breaker.Granted = new TaskCompletionSource<ILayoutBreak>(TaskCreationOptions.RunContinuationsAsynchronously);
        QueueUnsynchronized(breaker);
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

    /// <summary>Of the leases that the request touches: <see cref="_touched"/>.</summary>
    private void BeginBreakUnsynchronized(BreakRequest request, ref BreakStart start)
    {
        // Before any state changes: without somebody to hold the deadline nothing may begin to break.
        PendingBreak pending = new(this, [.. _touched], start.Describe(request, out long? deadline), deadline, start.Arrived);
        _touched.Clear();
        start.Told = new LayoutLease[pending.Leases.Length];
        if (deadline is not null)
        {
            _services.Deadlines.Add(pending);
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

            if (_upgrades.Count != 0)
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
                _services.Deadlines.Remove(pending);
            }
        }
    }
}
