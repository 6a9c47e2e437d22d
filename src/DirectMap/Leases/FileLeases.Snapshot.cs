namespace DirectMap.Leases;

/// <content>What tools and support see.</content>
internal sealed partial class FileLeases
{
    /// <summary>Copies what there is at one moment.</summary>
    internal void Describe(List<LeaseInfo> leases, List<BreakerInfo> breakers, List<LeaseWaiterInfo> waiters)
    {
        List<LeaseRecord> records = [];
        List<Breaker> present = [];
        List<(LeaseMode Mode, LeaseState State, LeaseBreak? Break)> states;
        List<(Breaker Breaker, bool IsRunning)> unfinished;
        List<LeaseWaiter> waiting;
        using (EnterGate())
        {
            _active.CollectAll(records);
            _breaking.CollectAll(records);
            states = records.ConvertAll(record => (record.Mode, record.State, record.Break));
            _running.CollectAll(present);
            _queued.CollectAll(present);
            unfinished = present.ConvertAll(breaker => (breaker, breaker.IsRunning));
            waiting = [.. _requests];
        }

        DeadlineClock.Moment now = _services.Clock.Read();
        leases.AddRange(records.Zip(states).OrderBy(pair => pair.First.Number).Select(pair => new LeaseInfo
        {
            File = File,
            Holder = pair.First.Holder,
            Owner = pair.First.Owner,
            Range = pair.First.Range,
            Mapped = pair.First.Mapped,
            Mode = pair.Second.Mode,
            State = pair.Second.State,
            AcquiredAt = now.ToTime(pair.First.Acquired),
            Break = pair.Second.Break,
            AcquiredBy = pair.First.Origin?.StackTrace,
        }));
        breakers.AddRange(unfinished.OrderBy(pair => pair.Breaker.Number).Select(pair => new BreakerInfo
        {
            File = File,
            Breaker = pair.Breaker.Request.Breaker,
            Operation = pair.Breaker.Request.Operation,
            Range = pair.Breaker.Range,
            IsRunning = pair.IsRunning,
            ArrivedAt = now.ToTime(pair.Breaker.Arrived),
            StartedBy = pair.Breaker.Origin?.StackTrace,
        }));
        waiters.AddRange(waiting.OrderBy(waiter => waiter.Number).Select(waiter => new LeaseWaiterInfo
        {
            File = File,
            Holder = waiter.Upgraded is { } record ? record.Holder : waiter.Request!.Holder,
            Range = waiter.Range,
            Mode = waiter.Request?.Mode ?? LeaseMode.Exclusive,
            IsUpgrade = waiter.Upgraded is not null,
            ArrivedAt = now.ToTime(waiter.Arrived),
        }));
    }
}
