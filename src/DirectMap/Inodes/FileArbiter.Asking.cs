using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <content>Leases and rights where parties have a say.</content>
internal sealed partial class FileArbiter
{
    private ILayoutLease AcquireBesideParties(LeaseRequest request)
    {
        for (int number = 1; ; number++)
        {
            OutsideSeat[] seats = Seats();
            if (seats.Length == 0)
            {
                return coordinator.Acquire(request);
            }

            LeaseAttempt attempt = new(request.Revoke, seats, coordinator.ReportCallbackFailure);
            LeaseAttempt.Notice? notice = NoticeOf(attempt, request);
            ILayoutLease lease;
            try
            {
                foreach (OutsideSeat seat in seats)
                {
                    GateWatch.AssertNoneHeld();
                    attempt.Joined(seat.Party.Join(request));
                }

                lease = coordinator.Acquire(RequestOf(attempt, notice, request));
            }
            catch
            {
                attempt.GiveUp(null);
                throw;
            }

            if (TryGrant(attempt, notice, lease))
            {
                return new JoinedLease(this, lease, attempt, request);
            }

            ThrowIfTriedEnough(number, request);
        }
    }

    private async ValueTask<ILayoutLease> AcquireBesidePartiesAsync(LeaseRequest request, CancellationToken cancellationToken)
    {
        for (int number = 1; ; number++)
        {
            OutsideSeat[] seats = Seats();
            if (seats.Length == 0)
            {
                return await coordinator.AcquireAsync(request, cancellationToken).ConfigureAwait(false);
            }

            LeaseAttempt attempt = new(request.Revoke, seats, coordinator.ReportCallbackFailure);
            LeaseAttempt.Notice? notice = NoticeOf(attempt, request);
            ILayoutLease lease;
            try
            {
                foreach (OutsideSeat seat in seats)
                {
                    GateWatch.AssertNoneHeld();
                    attempt.Joined(await seat.Party.JoinAsync(request, cancellationToken).ConfigureAwait(false));
                }

                lease = await coordinator.AcquireAsync(RequestOf(attempt, notice, request), cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                attempt.GiveUp(null);
                throw;
            }

            if (TryGrant(attempt, notice, lease))
            {
                return new JoinedLease(this, lease, attempt, request);
            }

            ThrowIfTriedEnough(number, request);
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static LeaseAttempt.Notice? NoticeOf(LeaseAttempt attempt, LeaseRequest request) =>
        request.OnBreak is { } onBreak ? new LeaseAttempt.Notice(attempt, onBreak) : null;

    private static LeaseRequest RequestOf(LeaseAttempt attempt, LeaseAttempt.Notice? notice, LeaseRequest request) => request with
    {
        OnBreak = notice is null ? null : notice.Notify,
        Revoke = attempt.Revoke,
    };

    /// <returns>False: a party has changed its word meanwhile; the lease is gone.</returns>
    private bool TryGrant(LeaseAttempt attempt, LeaseAttempt.Notice? notice, ILayoutLease lease)
    {
        if (!attempt.StillHolds())
        {
            attempt.GiveUp(lease);
            return false;
        }

        attempt.AssertAllJoined();
        try
        {
            attempt.Grant();
        }
        catch
        {
            attempt.End(lease); // It was revoked before it was granted, and that failed.
            throw;
        }

        notice?.Granted(coordinator.ReportCallbackFailure);
        return true;
    }

    private static void ThrowIfTriedEnough(int number, LeaseRequest request)
    {
        if (number >= MostAttempts && request.WhenUnavailable == WhenUnavailable.Refuse)
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.WouldBlock,
                Detail = $"the lease on {request.Range} was not granted: what happens to the file outside of this process changed each of "
                    + $"{number} times"
            };
        }
    }

    private ILayoutRight BreakBesideParties(BreakRequest request)
    {
        OutsideSeat[] seats = Seats();
        Patience patience = new(coordinator.TimeProvider, request.Options);
        ILayoutRight right = coordinator.Break(request);
        if (seats.Length == 0)
        {
            return right;
        }

        PartyHolds holds = new(seats.Length, coordinator.ReportCallbackFailure);
        try
        {
            foreach (OutsideSeat seat in seats)
            {
                GateWatch.AssertNoneHeld();
                holds.Add(seat.Party.Clear(With(request, patience.Left())));
            }
        }
        catch
        {
            Refuse(right, holds);
            throw;
        }

        Debug.Assert(holds.IsFull, "2: an operation runs that not every party has cleared");
        return new ClearedRight(right, holds);
    }

    private async ValueTask<ILayoutRight> BreakBesidePartiesAsync(BreakRequest request, CancellationToken cancellationToken)
    {
        OutsideSeat[] seats = Seats();
        Patience patience = new(coordinator.TimeProvider, request.Options);
        ILayoutRight right = await coordinator.BreakAsync(request, cancellationToken).ConfigureAwait(false);
        if (seats.Length == 0)
        {
            return right;
        }

        PartyHolds holds = new(seats.Length, coordinator.ReportCallbackFailure);
        try
        {
            foreach (OutsideSeat seat in seats)
            {
                GateWatch.AssertNoneHeld();
                BreakRequest left = With(request, patience.Left());
                holds.Add(await seat.Party.ClearAsync(left, cancellationToken).ConfigureAwait(false));
            }
        }
        catch
        {
            Refuse(right, holds);
            throw;
        }

        Debug.Assert(holds.IsFull, "2: an operation runs that not every party has cleared");
        return new ClearedRight(right, holds);
    }

    private static BreakRequest With(BreakRequest request, BreakOptions options) =>
        ReferenceEquals(request.Options, options) ? request : request with { Options = options };

    private static void Refuse(ILayoutRight right, PartyHolds holds)
    {
        _ = holds.End();
        right.Dispose();
    }
}
