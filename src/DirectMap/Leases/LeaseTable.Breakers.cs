using System.Diagnostics;
using DirectMap.Diagnostics;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <content>How breakers arrive, begin breaks, wait and finish.</content>
internal sealed partial class LeaseTable
{
    private readonly List<LeaseRecord> _touched = []; // by the breaker that arrives, under the gate
    private OwnerCounts _breakingOwners; // how many broken leases in force each owner has

    /// <summary>
    /// Begins the break for a breaker, and lets it run or queues it. False: the table is retired.
    /// </summary>
    /// <param name="request">What it asks for.</param>
    /// <param name="breaker">Who has arrived.</param>
    /// <param name="outcome">Its right, or what is to be waited for. It has been announced.</param>
    internal bool TryBreak(BreakRequest request, out Breaker breaker, out BreakOutcome outcome)
    {
        BreakArrival arrival = new(_services);
        breaker = new Breaker(this, request, arrival.Now, _services.CaptureOrigin());
        using (EnterGate())
        {
            if (_retired)
            {
                outcome = default;
                return false;
            }

            ArriveUnsynchronized(breaker, arrival, out outcome);
        }

        outcome.Conclude(_services, request, arrival);
        return true;
    }

    /// <summary>The operation is finished. Idempotent.</summary>
    internal void Finish(Breaker breaker, LayoutRight right)
    {
        using (EnterGate())
        {
            _tethers.Detach(ref right.Tether);
            RemoveUnsynchronized(breaker);
        }
    }

    /// <summary>The handle was collected.</summary>
    internal void Abandon(Breaker breaker)
    {
        breaker.Origin?.Report(DiagnosticKind.RightNotGivenBack, breaker.Request.ToString());
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

    /// <summary>
    /// All that is decided about a breaker. It never throws: also a breaker that fails, or did not want to wait, may have begun a break, of
    /// which the holders are to be told.
    /// </summary>
    private void ArriveUnsynchronized(Breaker breaker, in BreakArrival arrival, out BreakOutcome outcome)
    {
        outcome = default;
        try
        {
            BreakRequest request = breaker.Request;
            ThrowIfRefusedUnsynchronized(request);
            breaker.Number = ++_arrived;
            Debug.Assert(_touched.Count == 0, "whoever arrives leaves nothing behind");
            _active.Collect(LeaseFilter.OfOthers(request.Range, request.Owner), _touched);
            bool mustWait = _touched.Count != 0 || ObstacleOfUnsynchronized(breaker) is not null;
            if (mustWait)
            {
                ThrowIfWaitingForItselfUnsynchronized(breaker);
            }

            if (_touched.Count != 0)
            {
                BeginBreakUnsynchronized(request, arrival, ref outcome);
            }

            RetryRevocationsUnsynchronized(request, ref outcome);
            if (!mustWait)
            {
                outcome.Right = GrantUnsynchronized(breaker);
            }
            else if (request.Options.WhenUnavailable == WhenUnavailable.Refuse)
            {
                outcome.Failure = new LeaseConflictException
                {
                    Conflict = LeaseConflict.WouldBlock,
                    Detail = $"{request} would have to wait for leases or other breakers; wait (WhenUnavailable.Wait), or try again",
                    Break = BreakOnUnsynchronized(request.Range)
                };
            }
            else
            {
                breaker.Granted = new TaskCompletionSource<ILayoutRight>(TaskCreationOptions.RunContinuationsAsynchronously);
                QueueUnsynchronized(breaker);
                outcome.Granted = breaker.Granted.Task;
            }
        }
        catch (Exception exception)
        {
            outcome.Failure = exception;
            _touched.Clear(); // Leases that have ended must not be kept.
        }
    }

    private void ThrowIfRefusedUnsynchronized(BreakRequest request)
    {
        if (request.Range.Length == 0)
        {
            return; // It touches nothing and waits for nobody, also not for its owner.
        }

        if (_breakingOwners.Contains(request.Owner))
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.Deadlock,
                Detail = $"{request}: a lease of the same owner is itself being broken; release it first",
                Break = _breaking.Find(LeaseFilter.OfOwner(request.Owner))?.Break
            };
        }

        if (request.TakesBlocksAway && _active.Find(LeaseFilter.MappedBy(request.Range, request.Owner)) is { } mapped)
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.Busy,
                Detail = $"{request} would take blocks away from a region of the same owner at {mapped.Mapped}, or move them"
            };
        }

        if (_exclusive != 0 && _active.Find(LeaseFilter.ExclusiveOfOthers(request.Range, request.Owner)) is { } exclusive)
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.ExclusivelyHeld,
                Detail = $"{request}: {exclusive} holds {exclusive.Range} exclusively"
            };
        }
    }

    private void ThrowIfWaitingForItselfUnsynchronized(Breaker breaker)
    {
        if (UserCode.IsRunningHere && breaker.Request.Options.WhenUnavailable != WhenUnavailable.Refuse)
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.Deadlock,
                Detail = $"{breaker.Request}: a break callback cannot wait for the holders of leases"
            };
        }

        // Also for who does not want to wait: he would try again and again, and wait for himself all the same.
        if (WaitsForItselfUnsynchronized(breaker.Request.Owner, breaker.Range, breaker))
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.Deadlock,
                Detail = $"{breaker.Request}: the same owner holds a right that it would have to wait for, itself or through other "
                    + "breakers; ask for the whole at once"
            };
        }
    }

    /// <summary>Of the leases that the request touches: <see cref="_touched"/>.</summary>
    private void BeginBreakUnsynchronized(BreakRequest request, in BreakArrival arrival, ref BreakOutcome outcome)
    {
        // Before any state changes: without somebody to hold the deadline nothing may begin to break.
        PendingBreak pending = new(this, [.. _touched], arrival.Describe(request, out long? deadline), deadline, arrival.Time());
        _touched.Clear();
        outcome.Told = new LayoutLease[pending.Leases.Length];
        if (deadline is not null)
        {
            _services.Deadlines.Add(pending);
        }

        outcome.Begun = pending;
        for (int i = 0; i < pending.Leases.Length; i++)
        {
            LeaseRecord lease = pending.Leases[i];
            _breakingOwners.Add(lease.Owner); // First: it needs memory, what follows does not.
            pending.InForce++;
            _active.Remove(lease);
            lease.Pending = pending;
            lease.State = LeaseState.Breaking;
            _breaking.Add(lease);
            outcome.Told[i] = (LayoutLease?)lease.Handle;
            lease.Awaited = null;

            if (_upgrades.Count != 0)
            {
                FailUpgradesUnsynchronized(
                    lease,
                    static lease => new LeaseConflictException
                    {
                        Conflict = LeaseConflict.Deadlock,
                        Detail = $"An upgrade of the lease of {lease}: it is being broken",
                        Break = lease.Break
                    });
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
            if (pending.HasDeadline)
            {
                _services.Deadlines.Remove(pending);
            }
        }
    }
}
