namespace DirectMap.Leases;

/// <summary>What one table held at one moment. It is made under the table's gate, and described without it.</summary>
internal sealed class TableSnapshot(FileId file, List<LeaseRecord> leases, List<Breaker> breakers, LeaseWaiter[] waiters)
{
    private readonly List<(LeaseRecord Record, LeaseMode Mode, LeaseState State, LeaseBreak? Break)> _leases =
        leases.ConvertAll(static lease => (lease, lease.Mode, lease.State, lease.Break));

    private readonly List<(Breaker Record, bool IsRunning)> _breakers = breakers.ConvertAll(static breaker => (breaker, breaker.IsRunning));

    /// <summary>Adds it, each part in the order of arrival.</summary>
    internal void AddTo(
        (List<LeaseInfo> Leases, List<BreakerInfo> Breakers, List<LeaseWaiterInfo> Waiters) into, DeadlineClock clock)
    {
        DeadlineClock.Moment now = clock.Read();
        into.Leases.AddRange(_leases.OrderBy(lease => lease.Record.Number).Select(lease => new LeaseInfo
        {
            File = file,
            Holder = lease.Record.Holder,
            Owner = lease.Record.Owner,
            Range = lease.Record.Range,
            Mapped = lease.Record.Mapped,
            Mode = lease.Mode,
            State = lease.State,
            AcquiredAt = now.ToTime(lease.Record.Acquired),
            Break = lease.Break,
            StackTrace = lease.Record.Origin?.StackTrace,
        }));
        into.Breakers.AddRange(_breakers.OrderBy(breaker => breaker.Record.Number).Select(breaker => new BreakerInfo
        {
            File = file,
            Breaker = breaker.Record.Request.Breaker,
            Operation = breaker.Record.Request.Operation,
            Range = breaker.Record.Range,
            IsRunning = breaker.IsRunning,
            ArrivedAt = now.ToTime(breaker.Record.Arrived),
            StackTrace = breaker.Record.Origin?.StackTrace,
        }));
        into.Waiters.AddRange(waiters.OrderBy(waiter => waiter.Number).Select(waiter => new LeaseWaiterInfo
        {
            File = file,
            Holder = waiter.Upgraded is { } record ? record.Holder : waiter.Request!.Holder,
            Range = waiter.Range,
            Mode = waiter.Request?.Mode ?? LeaseMode.Exclusive,
            IsUpgrade = waiter.Upgraded is not null,
            ArrivedAt = now.ToTime(waiter.Arrived),
        }));
    }
}
