using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <content>
/// Upgrades of leases for which parties have joined. They join anew, for the exclusive lease, and their epochs are looked at when the lease
/// is exclusive: it is the same as for a new lease, but where a word no longer holds the lease goes back to what it was.
/// </content>
internal sealed partial class FileArbiter
{
    /// <inheritdoc cref="ILayoutLease.Upgrade"/>
    internal void Upgrade(ILayoutLease lease, LeaseAttempt attempt, LeaseRequest granted)
    {
        if (attempt.TryBeginUpgrade() is not null)
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.WouldBlock,
                Detail = $"another upgrade of the lease on {granted.Range} is under way"
            };
        }

        try
        {
            UpgradeBesideParties(lease, attempt, ForUpgrade(granted, WhenUnavailable.Refuse));
        }
        finally
        {
            attempt.EndUpgrade();
        }
    }

    /// <inheritdoc cref="ILayoutLease.UpgradeAsync"/>
    internal async ValueTask UpgradeAsync(
        ILayoutLease lease, LeaseAttempt attempt, LeaseRequest granted, CancellationToken cancellationToken)
    {
        while (attempt.TryBeginUpgrade() is { } other)
        {
            await other.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        try
        {
            LeaseRequest request = ForUpgrade(granted, WhenUnavailable.Wait);
            await UpgradeBesidePartiesAsync(lease, attempt, request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            attempt.EndUpgrade();
        }
    }

    private void UpgradeBesideParties(ILayoutLease lease, LeaseAttempt attempt, LeaseRequest request)
    {
        for (int number = 1; ; number++)
        {
            OutsideSeat[] seats = lease.Mode == LeaseMode.Exclusive ? [] : Seats();
            if (seats.Length == 0)
            {
                lease.Upgrade();
                return;
            }

            SeatEpochs epochs = new(seats);
            PartyHolds holds = new(seats.Length, coordinator.ReportCallbackFailure);
            try
            {
                foreach (OutsideSeat seat in seats)
                {
                    GateWatch.AssertNoneHeld();
                    holds.Add(seat.Party.Join(request));
                }

                lease.Upgrade();
            }
            catch
            {
                _ = holds.End();
                throw;
            }

            if (TryUpgrade(lease, attempt, epochs, holds))
            {
                return;
            }

            ThrowIfTriedEnough(number, request);
        }
    }

    private async ValueTask UpgradeBesidePartiesAsync(
        ILayoutLease lease, LeaseAttempt attempt, LeaseRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            OutsideSeat[] seats = lease.Mode == LeaseMode.Exclusive ? [] : Seats();
            if (seats.Length == 0)
            {
                await lease.UpgradeAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            SeatEpochs epochs = new(seats);
            PartyHolds holds = new(seats.Length, coordinator.ReportCallbackFailure);
            try
            {
                foreach (OutsideSeat seat in seats)
                {
                    GateWatch.AssertNoneHeld();
                    holds.Add(await seat.Party.JoinAsync(request, cancellationToken).ConfigureAwait(false));
                }

                await lease.UpgradeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                _ = holds.End();
                throw;
            }

            if (TryUpgrade(lease, attempt, epochs, holds))
            {
                return;
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <returns>False: a party has changed its word meanwhile; the lease is what it was.</returns>
    private static bool TryUpgrade(ILayoutLease lease, LeaseAttempt attempt, SeatEpochs epochs, PartyHolds holds)
    {
        if (epochs.StillHold())
        {
            attempt.Upgraded(holds);
            return true;
        }

        try
        {
            lease.Downgrade();
        }
        finally
        {
            _ = holds.End();
        }

        return false;
    }

    private static LeaseRequest ForUpgrade(LeaseRequest granted, WhenUnavailable whenUnavailable) =>
        granted with { Mode = LeaseMode.Exclusive, WhenUnavailable = whenUnavailable };
}
