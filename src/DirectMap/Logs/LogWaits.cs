using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Regions;
using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>
/// All who wait for news of a log through one follower. Those who wait in their thread sleep in it. For the others one thread of the
/// follower's own sleeps: it begins with the first of them, and stays for some seconds when nobody waits any more. No pool thread is held,
/// and none is needed to notice anything; only those who go on after an await need one. Invariants:
/// <list type="number">
/// <item>The beat is read, then the log is looked at, then the sleep begins, if the beat is the same: nothing new is slept through.</item>
/// <item>Each sleep has a bound. Where nobody wakes (a writer that was killed, a region that was disposed) it is noticed by that.</item>
/// <item>Whatever ends a wait early (cancellation, disposal) does so itself, or gets the sleeper out and has it look.</item>
/// </list>
/// Safe for any thread.
/// </summary>
internal sealed partial class LogWaits : IDisposable
{
    private const int StackSize = 256 << 10;

    private static readonly TimeSpan s_bound = TimeSpan.FromMilliseconds(250);

    /// <summary>When a break of the region's lease has begun it will be revoked, or disposed, soon.</summary>
    private static readonly TimeSpan s_boundInBreak = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan s_linger = TimeSpan.FromSeconds(5);

    private readonly LogObserver<RegionLogMemory> _observer;
    private readonly RegionLogMemory _memory;
    private readonly object _gate = new(); // what the thread lingers on
    private readonly List<LogWait> _waiting = [];
    private readonly List<LogWait> _over = []; // the thread's
    private readonly List<WordSleeper> _sleepers = [];
    private readonly CancellationTokenSource _disposal = new();
    private TimeSpan _bound = s_bound;
    private SharedWord? _word;
    private WordSleeper? _ownSleeper; // the thread's, while there is one
    private ulong _ended; // the instance of a writer that was seen to have ended
    private volatile bool _isInBreak;
    private volatile bool _isDisposed;

    internal LogWaits(LogObserver<RegionLogMemory> observer, RegionLogMemory memory)
    {
        _observer = observer;
        _memory = memory;
    }

    private TimeSpan Bound => _isInBreak ? s_boundInBreak : _bound;

    /// <summary>Waits in the caller's thread until a record is durable.</summary>
    /// <returns>Whether it is; false when the time is over.</returns>
    internal bool WaitFor(long sequence, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_observer.Look().DurableSequence >= sequence)
        {
            return true;
        }

        long began = Stopwatch.GetTimestamp();
        WordSleeper sleeper = Enter();
        try
        {
            using CancellationTokenRegistration registration =
                cancellationToken.UnsafeRegister(static sleeper => ((WordSleeper)sleeper!).Interrupt(), sleeper);
            while (true)
            {
                sleeper.Begin();
                ThrowIfDisposed();
                cancellationToken.ThrowIfCancellationRequested();
                uint beat = _observer.Beat;
                if (_observer.Look().DurableSequence >= sequence)
                {
                    return true;
                }

                TimeSpan left = timeout == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : timeout - Stopwatch.GetElapsedTime(began);
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                sleeper.Sleep(beat, left < Bound ? left : Bound);
            }
        }
        finally
        {
            Leave(sleeper);
        }
    }

    /// <summary>Adds one who waits without a thread.</summary>
    internal void Add(LogWait wait)
    {
        WordSleeper? own = null;
        using (Uninterrupted.Enter(_gate))
        {
            ThrowIfDisposed();
            if (_ownSleeper is null)
            {
                own = _ownSleeper = EnterUnsynchronized();
            }

            _waiting.Add(wait);
            Debug.Assert(_ownSleeper is not null && _sleepers.Contains(_ownSleeper), "3: nobody looks for who waits without a thread");
            Monitor.Pulse(_gate);
        }

        if (own is not null)
        {
            StartThread(own);
        }
    }

    /// <summary>Takes one off; true for one caller only, who ends its wait.</summary>
    internal bool Remove(LogWait wait)
    {
        using (Uninterrupted.Enter(_gate))
        {
            return _waiting.Remove(wait);
        }
    }

    /// <summary>Whether what somebody waits for is there.</summary>
    internal bool IsOver(LogWait wait)
    {
        LogSight sight = _observer.Look();
        return wait.Sequence is { } sequence ? sight.DurableSequence >= sequence : WriterOf(sight) != wait.Known;
    }

    /// <summary>Who appends.</summary>
    internal PersistentLogWriter WriterOf(LogSight sight)
    {
        while (sight.Instance != 0)
        {
            ProcessIdentity? process = LogStatusPage.Appender(_memory);
            bool isRunning = Volatile.Read(ref _ended) != sight.Instance && (_memory.IsAppended ?? process?.IsSeenRunning == true);

            // Who closes the log says so before he gives up the lock. So what was asked is of this instance if it is still there.
            Volatile.ReadBarrier();
            LogSight now = _observer.Look();
            if (now.Instance == sight.Instance)
            {
                if (!isRunning)
                {
                    // The next one takes the lock before it says that it is another one.
                    Volatile.Write(ref _ended, sight.Instance);
                }

                return new PersistentLogWriter(
                    isRunning ? PersistentLogWriterState.Running : PersistentLogWriterState.Ended, sight.Instance, process?.ToString());
            }

            sight = now;
        }

        return default;
    }

    /// <summary>Ends all waits, with an exception, and all that is held for them.</summary>
    public void Dispose()
    {
        LogWait[] waiting;
        WordSleeper[] sleepers;
        SharedWord? word;
        using (Uninterrupted.Enter(_gate))
        {
            _isDisposed = true;
            (waiting, sleepers, word, _word) = ([.. _waiting], [.. _sleepers], _word, null);
            _waiting.Clear();
            Monitor.PulseAll(_gate);
        }

        _disposal.Cancel();
        Array.ForEach(waiting, wait => wait.Fail(Disposed()));
        Array.ForEach(sleepers, sleeper => sleeper.Interrupt());
        word?.Dispose();
    }

    private void StartThread(WordSleeper own)
    {
        try
        {
            OwnThread.Start(() => Serve(own), "DirectMap log follower", StackSize);
        }
        catch (Exception exception)
        {
            // There is no thread to be had.
            using (Uninterrupted.Enter(_gate))
            {
                _ownSleeper = null;
                _sleepers.Remove(own);
            }

            FailAll(exception);
        }
    }

    /// <summary>What the follower's thread does.</summary>
    private void Serve(WordSleeper own)
    {
        while (true)
        {
            own.Begin();
            if (!IsWanted(own))
            {
                return;
            }

            try
            {
                uint beat = _observer.Beat;
                if (!EndThoseThatAreOver(_observer.Look()))
                {
                    own.Sleep(beat, Bound);
                }
            }
            catch (Exception exception)
            {
                FailAll(exception);
            }
        }
    }

    /// <summary>Whether anybody waits, or does within some time.</summary>
    private bool IsWanted(WordSleeper own)
    {
        using (Uninterrupted.Enter(_gate))
        {
            Debug.Assert(ReferenceEquals(own, _ownSleeper), "two threads serve those who wait");
            while (_waiting.Count == 0 || _isDisposed)
            {
                Debug.Assert(_waiting.Count == 0, "3: somebody waits for what was disposed");
                if (_isDisposed || (!Monitor.Wait(_gate, s_linger) && _waiting.Count == 0))
                {
                    _ownSleeper = null;
                    _sleepers.Remove(own);
                    return false;
                }
            }

            return true;
        }
    }

    /// <returns>Whether there was one.</returns>
    private bool EndThoseThatAreOver(LogSight sight)
    {
        _over.Clear();
        using (Uninterrupted.Enter(_gate))
        {
            // It may throw, and then all are still there to be failed.
            PersistentLogWriter? writer = _waiting.Exists(static wait => wait.Sequence is null) ? WriterOf(sight) : null;
            for (int i = _waiting.Count - 1; i >= 0; i--)
            {
                LogWait wait = _waiting[i];
                if (wait.Sequence is { } sequence ? sight.DurableSequence >= sequence : wait.Known != writer)
                {
                    _waiting.RemoveAt(i);
                    _over.Add(wait);
                }
            }
        }

        foreach (LogWait wait in _over)
        {
            wait.End();
        }

        return _over.Count > 0;
    }

    private void FailAll(Exception exception)
    {
        LogWait[] waiting;
        using (Uninterrupted.Enter(_gate))
        {
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        Array.ForEach(waiting, wait => wait.Fail(exception));
    }

    private WordSleeper Enter()
    {
        using (Uninterrupted.Enter(_gate))
        {
            ThrowIfDisposed();
            return EnterUnsynchronized();
        }
    }

    private WordSleeper EnterUnsynchronized()
    {
        if (_word is null)
        {
            _word = _memory.OpenBeat()!;
            _ = WatchBreakAsync(new WeakReference<LogWaits>(this), _memory.Region.Core.Lease.WaitForBreakAsync(_disposal.Token));
        }

        WordSleeper sleeper = new(_word);
        _sleepers.Add(sleeper);
        return sleeper;
    }

    private void Leave(WordSleeper sleeper)
    {
        using (Uninterrupted.Enter(_gate))
        {
            _sleepers.Remove(sleeper);
        }
    }

    /// <summary>The region keeps whoever awaits its end; it is not to keep a follower that was forgotten.</summary>
    private static async Task WatchBreakAsync(WeakReference<LogWaits> waits, Task end)
    {
        await end.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (waits.TryGetTarget(out LogWaits? target))
        {
            target.BeginBreak();
        }
    }

    /// <summary>The region is about to go, or has gone: whoever sleeps looks, and then more often.</summary>
    private void BeginBreak()
    {
        _isInBreak = true;
        WordSleeper[] sleepers;
        using (Uninterrupted.Enter(_gate))
        {
            sleepers = [.. _sleepers];
        }

        Array.ForEach(sleepers, sleeper => sleeper.Interrupt());
    }

    private void ThrowIfDisposed()
    {
        if (_isDisposed)
        {
            throw Disposed();
        }
    }

    private static ObjectDisposedException Disposed() => new(typeof(PersistentLogFollower).FullName);
}
