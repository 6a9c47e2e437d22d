namespace DirectMap.Leases;

/// <summary>
/// The deadlines of all breaks of a coordinator, and whoever watches them. On the system's clock that is a thread, never a timer: a timer's callback needs a pool thread, and a deadline
/// must hold also when the pool is starved. It lingers for a while, because to start one for each break would cost more than the break. Other clocks are waited for by a timer of theirs.
/// <para>
/// Lock order: a table's gate, then this one. Tables are told of a passed deadline, and the user's clock is used, with neither held. A deadline is added before a lease begins to break, under
/// its table's gate, so whoever finds it passed early waits at that gate until the break has begun.
/// </para>
/// </summary>
internal sealed class Deadlines
{
    /// <summary>How long the thread stays with nothing to watch; also the longest that it sleeps.</summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(1);

    private readonly LeaseCoordinator _coordinator;
    private readonly object _gate = new();
    private readonly SortedSet<PendingBreak> _pending = new(Comparer<PendingBreak>.Create(Compare));
    private ITimer? _timer;
    private bool _watched; // by a thread, which sleeps until _wakesAt
    private long _wakesAt;

    internal Deadlines(LeaseCoordinator coordinator) => _coordinator = coordinator;

    private DeadlineClock Clock => _coordinator.Clock;

    /// <summary>Adds a break that has a deadline; adding it again does nothing. Called under its table's gate; <see cref="Arm"/> is to be called after that was left.</summary>
    /// <exception cref="OutOfMemoryException">There is no thread to be had. Nothing was added.</exception>
    internal void Add(PendingBreak pending)
    {
        lock (_gate)
        {
            if (Clock.IsSystem)
            {
                EnsureWatched();
            }

            if (_pending.Add(pending) && Clock.IsSystem && pending.Deadline < _wakesAt)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>All leases of a break have ended. Called under its table's gate.</summary>
    internal void Remove(PendingBreak pending)
    {
        lock (_gate)
        {
            _pending.Remove(pending);
        }
    }

    /// <summary>Has the next deadline watched by a clock that is not the system's. Called with no lock held.</summary>
    internal void Arm()
    {
        if (Clock.IsSystem)
        {
            return;
        }

        try
        {
            ArmTimer();
        }
        catch (Exception exception)
        {
            // A clock that throws, or no memory: the breakers are told, the process goes on.
            FailAll(exception);
        }
    }

    private void ArmTimer()
    {
        while (First() is { } deadline)
        {
            TimeSpan wait = Clock.Until(deadline);
            if (wait == TimeSpan.Zero)
            {
                TellOverdue();
                continue;
            }

            Timer().Change(wait, Timeout.InfiniteTimeSpan);

            // Whoever sets the timer last has looked at the deadlines afterwards; so of two that set it at the same time one finds the earlier deadline. And a clock that has jumped
            // since it was read has a late timer. (One that runs has moved a little as well; that much late is nothing.)
            if (First() == deadline && Clock.Until(deadline) >= wait - s_late)
            {
                return;
            }
        }
    }

    private ITimer Timer()
    {
        if (Volatile.Read(ref _timer) is { } timer)
        {
            return timer;
        }

        using (ExecutionContext.SuppressFlow())
        {
            timer = Clock.Time.CreateTimer(static deadlines => ((Deadlines)deadlines!).Arm(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        if (Interlocked.CompareExchange(ref _timer, timer, null) is { } other)
        {
            timer.Dispose();
            return other;
        }

        return timer;
    }

    private long? First()
    {
        lock (_gate)
        {
            return _pending.Min?.Deadline;
        }
    }

    /// <summary>Takes the deadlines that have passed, and tells their tables. False: there was none.</summary>
    private void TellOverdue()
    {
        while (First() is { } deadline && Clock.Until(deadline) == TimeSpan.Zero)
        {
            PendingBreak? overdue;
            lock (_gate)
            {
                overdue = _pending.Min;
                if (overdue is null || overdue.Deadline > deadline)
                {
                    continue;
                }

                _pending.Remove(overdue);
            }

            _coordinator.At(LeaseStep.DeadlinePassed);
            overdue.Table.SetOverdue(overdue);
        }
    }

    private void FailAll(Exception failure)
    {
        List<PendingBreak> failed;
        lock (_gate)
        {
            failed = [.. _pending];
            _pending.Clear();
        }

        failed.ForEach(pending => pending.Table.FailRevocations(pending, failure));
    }

    private void EnsureWatched()
    {
        if (!_watched)
        {
            new Thread(Watch) { IsBackground = true, Name = "DirectMap lease deadlines" }.UnsafeStart();
            _watched = true;
            _wakesAt = long.MinValue; // It looks before it sleeps.
        }
    }

    private void Watch()
    {
        try
        {
            do
            {
                TellOverdue();
            }
            while (SleepUntilNext());
        }
        catch (Exception exception)
        {
            lock (_gate)
            {
                _watched = false;
            }

            FailAll(exception);
        }
    }

    /// <summary>False: there was nothing to watch for long, and the thread must end.</summary>
    private bool SleepUntilNext()
    {
        lock (_gate)
        {
            TimeSpan wait = s_linger;
            if (_pending.Min is { } next && Clock.Until(next.Deadline!.Value) is var left && left < wait)
            {
                wait = left;
            }

            if (wait == TimeSpan.Zero)
            {
                return true;
            }

            _wakesAt = Clock.After(wait);
            bool woken = Monitor.Wait(_gate, (int)Math.Ceiling(wait.TotalMilliseconds));
            _wakesAt = long.MinValue; // Awake: it looks at all deadlines before it sleeps again.
            return _watched = woken || _pending.Count != 0;
        }
    }

    private static int Compare(PendingBreak? one, PendingBreak? other)
    {
        int byDeadline = one!.Deadline!.Value.CompareTo(other!.Deadline!.Value);
        return byDeadline != 0 ? byDeadline : one.Number.CompareTo(other.Number);
    }
}
