namespace DirectMap.Leases;

/// <summary>What a breaker's arrival sets off, decided under the gate and announced after it was left.</summary>
internal struct BreakStart
{
    private readonly LeaseCoordinator _coordinator;
    private readonly DateTimeOffset _now;
    private readonly long? _deadline;
    private readonly TimeSpan _breakTime;

    /// <summary>Before the gate is entered. A clock of the user's is read now, since it is the user's code; the system's only when it is needed.</summary>
    internal BreakStart(LeaseCoordinator coordinator)
    {
        _coordinator = coordinator;
        _breakTime = coordinator.LeaseBreakTime;
        if (!coordinator.Clock.IsSystem)
        {
            _now = coordinator.TimeProvider.GetUtcNow();
            _deadline = DeadlineOf(coordinator, _breakTime);
        }
    }

    /// <summary>The break that was begun, if one was.</summary>
    internal PendingBreak? Begun { get; set; }

    /// <summary>The holders to be told.</summary>
    internal List<LayoutLease>? Told { get; set; }

    /// <summary>Deadlines were added, and a timer may have to be set.</summary>
    internal bool MustArm { get; set; }

    internal readonly LeaseBreak Describe(BreakRequest request, out long? deadline)
    {
        bool isSystem = _coordinator.Clock.IsSystem;
        DateTimeOffset now = isSystem ? DateTimeOffset.UtcNow : _now;
        deadline = isSystem ? DeadlineOf(_coordinator, _breakTime) : _deadline;
        return new LeaseBreak
        {
            Operation = request.Operation,
            Range = request.Range,
            Breaker = request.Breaker,
            StartedAt = now,
            Deadline = deadline is null ? null : now + _breakTime,
        };
    }

    /// <summary>Tells the holders, and has the deadline watched. No lock is held.</summary>
    internal readonly void Announce()
    {
        if (Begun is null && !MustArm)
        {
            return;
        }

        _coordinator.At(LeaseStep.BreakBegun);
        try
        {
            foreach (LayoutLease holder in Told ?? [])
            {
                holder.Notify();
            }
        }
        finally
        {
            _coordinator.Deadlines.Arm();
        }
    }

    private static long? DeadlineOf(LeaseCoordinator coordinator, TimeSpan breakTime) => breakTime == TimeSpan.Zero ? null : coordinator.Clock.After(breakTime);
}
