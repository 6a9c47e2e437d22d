namespace DirectMap.Leases;

/// <summary>
/// Waits for the deadlines of one file's broken leases and revokes what is overdue; ends when none is left to wait for. A thread of its own, never the pool: a deadline
/// holds also when the pool is starved, and a revocation that blocks (a frozen file system) blocks no other file's.
/// </summary>
internal sealed class RevocationThread
{
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
        while (_table.TryGetNextRevocation(out LeaseRecord? overdue, out long deadline))
        {
            if (overdue is null)
            {
                WaitFor(deadline);
            }
            else
            {
                _table.CompleteRevocation(overdue, Revoke(overdue));
            }
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
        if (_clock.Until(deadline) < wait && timer is not null)
        {
            return; // The clock moved before the timer stood, so the timer is late.
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
