namespace DirectMap.Leases;

/// <summary>
/// Waits for the deadlines of one file's broken leases and revokes what is overdue; ends when none is left to wait for. A thread of its own, never the pool: a deadline
/// holds also when the pool is starved, and a revocation that blocks blocks nobody else's: while a thread revokes, it does not watch; another one does, if there is more to watch.
/// </summary>
internal sealed class RevocationThread
{
    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(1);

    private readonly FileLeases _table;
    private readonly DeadlineClock _clock;
    private readonly object _pulse = new();
    private bool _woken;

    internal RevocationThread(FileLeases table, DeadlineClock clock)
    {
        _table = table;
        _clock = clock;
    }

    internal void Start() => new Thread(Run) { IsBackground = true, Name = "DirectMap lease break" }.UnsafeStart();

    /// <summary>Makes the thread look again at what it is waiting for.</summary>
    internal void Wake()
    {
        lock (_pulse)
        {
            _woken = true;
            Monitor.Pulse(_pulse);
        }
    }

    private void Run()
    {
        try
        {
            while (_table.TryGetNextRevocation(this, out LeaseRecord? overdue, out long deadline))
            {
                if (overdue is null)
                {
                    WaitFor(deadline);
                }
                else if (!_table.TryCompleteRevocation(this, overdue, Revoke(overdue)))
                {
                    return; // Another thread watches the deadlines by now.
                }
            }
        }
        catch (Exception exception)
        {
            // A clock that throws, or no memory: the breakers are told, the process goes on.
            _table.FailRevocations(this, exception);
        }
    }

    private static Exception? Revoke(LeaseRecord overdue)
    {
        try
        {
            overdue.Revoke?.Invoke(overdue.Break);
            return null;
        }
        catch (Exception exception)
        {
            return exception;
        }
    }

    private void WaitFor(long deadline)
    {
        TimeSpan wait = _clock.Until(deadline);

        // The system's clock is waited for without its timers, whose callbacks need a pool thread.
        using ITimer? timer = _clock.IsSystem
            ? null
            : _clock.Time.CreateTimer(static thread => ((RevocationThread)thread!).Wake(), this, wait, Timeout.InfiniteTimeSpan);
        if (timer is not null)
        {
            // A clock that jumped between the two lines above has a late timer. (One that runs has moved a little as well; that much late is nothing.)
            for (TimeSpan left = _clock.Until(deadline); left < wait - s_late; left = _clock.Until(deadline))
            {
                if (left == TimeSpan.Zero)
                {
                    return;
                }

                timer.Change(left, Timeout.InfiniteTimeSpan);
                wait = left;
            }

            if (_clock.Until(deadline) == TimeSpan.Zero)
            {
                return;
            }
        }

        int milliseconds = timer is null ? (int)Math.Min(Math.Ceiling(wait.TotalMilliseconds), int.MaxValue) : Timeout.Infinite;
        lock (_pulse)
        {
            if (!_woken)
            {
                Monitor.Wait(_pulse, milliseconds);
            }

            _woken = false;
        }
    }
}
