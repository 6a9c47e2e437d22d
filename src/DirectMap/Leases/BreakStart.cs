using DirectMap.Telemetry;

namespace DirectMap.Leases;

/// <summary>What a breaker's arrival sets off, decided under the gate and announced after it was left.</summary>
internal struct BreakStart
{
    private readonly LeaseServices _services;
    private readonly DateTimeOffset _timeOfDay;
    private readonly long _now;
    private readonly TimeSpan _breakTime;

    /// <summary>
    /// Before the gate is entered. A clock of the user's is read now, since it is the user's code; the system's only when it is needed.
    /// </summary>
    internal BreakStart(LeaseServices services, long now)
    {
        _services = services;
        _now = now;
        _breakTime = services.LeaseBreakTime;
        if (!services.Clock.IsSystem)
        {
            _timeOfDay = services.Time.GetUtcNow();
            Arrived = services.Events.TimeArrival();
        }
    }

    /// <summary>From when on those who watch time the breaker and the holders.</summary>
    internal long Arrived { get; private set; } = LeaseEvents.NotTimed;

    /// <summary>The break that was begun, if one was.</summary>
    internal PendingBreak? Begun { get; set; }

    /// <summary>The holders to be told; null for those that nobody has any more.</summary>
    internal LayoutLease?[]? Told { get; set; }

    /// <summary>Deadlines were added, and a timer may have to be set.</summary>
    internal bool MustArm { get; set; }

    /// <summary>How many leases began to break.</summary>
    internal readonly int Broken => Begun is null ? 0 : Told!.Length;

    internal LeaseBreak Describe(BreakRequest request, out long? deadline)
    {
        DateTimeOffset now = _services.Clock.IsSystem ? DateTimeOffset.UtcNow : _timeOfDay;
        TimeArrival();
        deadline = _breakTime == TimeSpan.Zero ? null : _services.Clock.After(_now, _breakTime);
        return new LeaseBreak
        {
            Operation = request.Operation,
            Range = request.Range,
            Breaker = request.Breaker,
            StartedAt = now,
            Deadline = deadline is null ? null : now + _breakTime,
        };
    }

    /// <summary>
    /// Tells the holders, and has the deadline watched. No lock is held. After it those who watch may be told, who may take their time.
    /// </summary>
    internal readonly void Announce()
    {
        if (Begun is null && !MustArm)
        {
            return;
        }

        _services.At(LeaseStep.BreakBegun);
        try
        {
            foreach (LayoutLease? holder in Told ?? [])
            {
                holder?.Notify();
            }
        }
        finally
        {
            _services.Deadlines.Arm();
        }
    }

    /// <summary>
    /// Tells those who watch; without the right (an exception), or while it is waited for. What it returns is to be ended with the wait.
    /// </summary>
    internal BreakWait? Tell(BreakRequest request, Exception? failure)
    {
        bool isRefused = failure is not (null or LeaseConflictException { Conflict: LeaseConflict.WouldBlock });
        TimeArrival();
        BreakWait? wait = _services.Events.BeginWait(request, Broken, Arrived, isRefused);
        if (Begun is not null)
        {
            _services.Events.BreakBegan(Begun.Description, Begun.Table.File, Broken);
        }

        wait?.Leave();
        return wait;
    }

    /// <summary>
    /// The system's clock is read when it is needed first, so that a breaker without anybody in its way does not pay for it.
    /// </summary>
    private void TimeArrival()
    {
        if (_services.Clock.IsSystem && Arrived == LeaseEvents.NotTimed)
        {
            Arrived = _services.Events.TimeArrival();
        }
    }
}
