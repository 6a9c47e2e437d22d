namespace DirectMap.Leases;

/// <summary>
/// The moment at which a breaker arrives, as the clocks show it. It is made before the gate is entered: a clock of the user's is read then,
/// since it is the user's code; the system's only when it is needed.
/// </summary>
internal readonly struct BreakArrival
{
    private readonly LeaseServices _services;
    private readonly DateTimeOffset _timeOfDay;
    private readonly TimeSpan _breakTime;
    private readonly long _timed;

    internal BreakArrival(LeaseServices services)
    {
        _services = services;
        Now = services.Clock.Now;
        _breakTime = services.LeaseBreakTime;
        if (!services.Clock.IsSystem)
        {
            _timeOfDay = services.Time.GetUtcNow();
            _timed = services.Events.TimeArrival();
        }
    }

    /// <summary>By <see cref="DeadlineClock.Now"/>.</summary>
    internal long Now { get; }

    /// <summary>
    /// From when on those who watch time the breaker and the holders. The system's clock is read here, so that a breaker without anybody in
    /// its way does not pay for it.
    /// </summary>
    internal long Time() => _services.Clock.IsSystem ? _services.Events.TimeArrival() : _timed;

    /// <summary>What a break that begins now is, and its deadline, by <see cref="DeadlineClock.Now"/>; null for never.</summary>
    internal LeaseBreak Describe(BreakRequest request, out long? deadline)
    {
        DateTimeOffset now = _services.Clock.IsSystem ? DateTimeOffset.UtcNow : _timeOfDay;
        deadline = _breakTime == TimeSpan.Zero ? null : _services.Clock.After(Now, _breakTime);
        return new LeaseBreak
        {
            Operation = request.Operation,
            Range = request.Range,
            Breaker = request.Breaker,
            Process = request.Process,
            StartedAt = now,
            Deadline = deadline is null ? null : now + _breakTime,
        };
    }
}
