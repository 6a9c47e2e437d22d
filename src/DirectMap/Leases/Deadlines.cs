using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The deadlines of all breaks of a coordinator, and whoever watches them. On the system's clock that is a thread, never a timer: a timer's
/// callback needs a pool thread, and a deadline must hold also when the pool is starved. It lingers for a while, because to start one for
/// each break would cost more than the break. Other clocks are waited for by a timer of theirs.
/// <para>
/// Lock order: a table's gate, then this one. Tables are told of a passed deadline, and the user's clock is used, with neither held. A
/// deadline is added before a lease begins to break, under its table's gate, so whoever finds it passed early waits at that gate until
/// the break has begun.
/// </para>
/// </summary>
internal sealed partial class Deadlines
{
    /// <summary>How long the thread stays with nothing to watch; also the longest that it sleeps.</summary>
    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(10);

    /// <summary>Timers take no more than some 49 days, and a clock may jump back by any time.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    private static readonly TimeSpan s_late = TimeSpan.FromMilliseconds(1);

    private readonly Action<LeaseStep, Task?> _at;
    private readonly object _sleep = new(); // what the thread sleeps on
    private bool _mustLook; // under _sleep: the thread is to look again, also if it does not sleep yet
    private Gate _gate;
    private WatchedDeadline? _first; // a list in the order of the deadlines, and of arrival for the same one
    private WatchedDeadline? _last;
    private ITimer? _timer;
    private bool _watched; // by a thread, which sleeps until _wakesAt
    private long _wakesAt = long.MinValue;

    /// <param name="clock">Whose deadlines they are.</param>
    /// <param name="at">Is told where the thread is.</param>
    internal Deadlines(DeadlineClock clock, Action<LeaseStep, Task?> at)
    {
        Clock = clock;
        _at = at;
    }

    private DeadlineClock Clock { get; }

    /// <summary>
    /// Adds a break that has a deadline; adding it again does nothing. Called under its table's gate; <see cref="Arm"/> is to be called
    /// after that was left.
    /// </summary>
    /// <exception cref="OutOfMemoryException">There is no thread to be had. Nothing was added.</exception>
    internal void Add(WatchedDeadline deadline)
    {
        using (_gate.Enter())
        {
            if (Clock.IsSystem)
            {
                EnsureWatched();
            }

            if (deadline.IsWatched)
            {
                return;
            }

            Insert(deadline);
            if (!Clock.IsSystem || deadline.At >= _wakesAt)
            {
                return;
            }
        }

        Uninterrupted.Run(this, static deadlines => deadlines.Wake());
    }

    /// <summary>All leases of a break have ended. Called under its table's gate.</summary>
    internal void Remove(WatchedDeadline deadline)
    {
        using (_gate.Enter())
        {
            Unlink(deadline);
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
                PassOverdue();
                continue;
            }

            wait = wait < s_longest ? wait : s_longest; // It is set again when it fires too early.
            Timer().Change(wait, Timeout.InfiniteTimeSpan);

            // Whoever sets the timer last has looked at the deadlines afterwards; so of two that set it at the same time one finds the
            // earlier deadline. And a clock that has jumped since it was read has a late timer. (One that runs has moved a little as well;
            // that much late is nothing.)
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
            timer = Clock.Time.CreateTimer(
                static deadlines => ((Deadlines)deadlines!).Arm(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
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
        using (_gate.Enter())
        {
            return _first?.At;
        }
    }

    /// <summary>Takes the deadlines that have passed, one by one, and tells their tables.</summary>
    private void PassOverdue()
    {
        while (First() is { } deadline && Clock.Until(deadline) == TimeSpan.Zero)
        {
            WatchedDeadline? overdue;
            using (_gate.Enter())
            {
                overdue = _first;
                if (overdue is null || overdue.At > deadline)
                {
                    continue;
                }

                Unlink(overdue);
            }

            _at(LeaseStep.DeadlinePassed, null);
            try
            {
                overdue.Pass();
            }
            catch (Exception exception)
            {
                overdue.Fail(exception); // Out of memory: nobody watches it any more, so the breakers are told.
            }
        }
    }

    private void FailAll(Exception failure)
    {
        List<WatchedDeadline> failed = [];
        using (_gate.Enter())
        {
            while (_first is { } next)
            {
                failed.Add(next);
                Unlink(next);
            }
        }

        failed.ForEach(deadline => deadline.Fail(failure));
    }

    private void EnsureWatched()
    {
        if (!_watched)
        {
            OwnThread.Start(Watch, "DirectMap lease deadlines", OwnThread.SmallStack);
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
                PassOverdue();
            }
            while (SleepUntilNext());
        }
        catch (Exception exception)
        {
            using (_gate.Enter())
            {
                _watched = false;
            }

            FailAll(exception);
        }
    }

    /// <summary>False: there was nothing to watch for long, and the thread must end.</summary>
    private bool SleepUntilNext()
    {
        TimeSpan wait = s_linger;
        using (_gate.Enter())
        {
            if (_first is { } next && Clock.Until(next.At!.Value) is var left && left < wait)
            {
                wait = left;
            }

            _wakesAt = Clock.After(Clock.Now, wait);
        }

        bool woken = wait == TimeSpan.Zero || Sleep(wait);
        using (_gate.Enter())
        {
            _wakesAt = long.MinValue; // Awake: it looks at all deadlines before it sleeps again.
            return _watched = woken || _first is not null;
        }
    }

    private void Wake()
    {
        lock (_sleep)
        {
            _mustLook = true;
            Monitor.Pulse(_sleep);
        }
    }

    private bool Sleep(TimeSpan wait)
    {
        lock (_sleep)
        {
            bool woken = _mustLook || Monitor.Wait(_sleep, wait);
            _mustLook = false;
            return woken;
        }
    }

    /// <summary>From the end: as long as the break time stays the same, a later break has a later deadline.</summary>
    private void Insert(WatchedDeadline deadline)
    {
        WatchedDeadline? before = _last;
        while (before is not null && before.At > deadline.At)
        {
            before = before.Earlier;
        }

        deadline.Earlier = before;
        deadline.Later = before is null ? _first : before.Later;
        if (before is null)
        {
            _first = deadline;
        }
        else
        {
            before.Later = deadline;
        }

        if (deadline.Later is { } after)
        {
            after.Earlier = deadline;
        }
        else
        {
            _last = deadline;
        }

        deadline.IsWatched = true;
        AssertIsInOrder(deadline);
    }

    [Conditional("DEBUG")]
    private void AssertIsInOrder(WatchedDeadline added)
    {
        Debug.Assert(added.At is not null, "what has no deadline is watched");
        Debug.Assert(added.Earlier is { } before ? before.At <= added.At && before.Later == added : _first == added, "out of order");
        Debug.Assert(added.Later is { } after ? after.At > added.At && after.Earlier == added : _last == added, "out of order");
    }

    /// <summary>Does nothing for one that is not in the list.</summary>
    private void Unlink(WatchedDeadline deadline)
    {
        if (!deadline.IsWatched)
        {
            return;
        }

        if (deadline.Earlier is { } before)
        {
            before.Later = deadline.Later;
        }
        else
        {
            _first = deadline.Later;
        }

        if (deadline.Later is { } after)
        {
            after.Earlier = deadline.Earlier;
        }
        else
        {
            _last = deadline.Earlier;
        }

        deadline.Earlier = null;
        deadline.Later = null;
        deadline.IsWatched = false;
        Debug.Assert(_first is null == _last is null, "a list has two ends, or none");
    }
}
