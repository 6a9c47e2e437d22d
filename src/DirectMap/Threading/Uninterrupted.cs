namespace DirectMap.Threading;

/// <summary>
/// Runs what takes a lock and must be done: a thread that is interrupted while it waits for the lock tries again, and keeps the interrupt
/// for whatever it waits for next.
/// </summary>
internal static class Uninterrupted
{
    /// <param name="argument">For the action.</param>
    /// <param name="action">Is interrupted, if at all, before it has done anything, or may be done again.</param>
    internal static void Run<T>(T argument, Action<T> action)
    {
        bool interrupted = false;
        try
        {
            while (true)
            {
                try
                {
                    action(argument);
                    return;
                }
                catch (ThreadInterruptedException)
                {
                    interrupted = true;
                }
            }
        }
        finally
        {
            if (interrupted)
            {
                Thread.CurrentThread.Interrupt();
            }
        }
    }

    /// <summary>
    /// Enters a monitor whose waiters are pulsed; what is to be locked only is an <see cref="UninterruptedLock"/>. Dispose what it returns
    /// to leave, on the same thread.
    /// </summary>
    internal static Entered Enter(object gate)
    {
        if (!Monitor.TryEnter(gate))
        {
            Run(gate, static gate => Monitor.Enter(gate));
        }

        return new Entered(gate);
    }

    /// <summary>
    /// Sets an event. An interrupt may hit between the flag and the waking of those who wait, since that takes a lock; setting
    /// it again wakes them.
    /// </summary>
    internal static void Set(ManualResetEventSlim signal) => Run(signal, static signal => signal.Set());

    /// <summary>Waits for an event, however often the thread is interrupted meanwhile.</summary>
    internal static void Wait(ManualResetEventSlim signal) => Run(signal, static signal => signal.Wait());

    /// <summary>
    /// Waits until a task has ended, however often the thread is interrupted meanwhile. It throws nothing of the task's.
    /// </summary>
    internal static void Wait(Task task) => Run(task, static task => Completion.Block(task, Timeout.InfiniteTimeSpan));

    /// <summary>
    /// Waits until a task has ended. A thread that is interrupted meanwhile cancels it, and waits on: so nothing goes on behind its back,
    /// and nothing is granted to nobody. A task that was done all the same has not been interrupted: the interrupt is for whatever the
    /// thread waits for next.
    /// </summary>
    /// <param name="task">Ends soon when it is cancelled.</param>
    /// <param name="cancel">Cancels it. It has no timer: to take that away is a lock, in which an interrupt would undo half of the
    /// cancelling.</param>
    /// <param name="timeout">After how long it is cancelled.</param>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted, and the task has not been done.</exception>
    internal static void WaitOrCancel(Task task, CancellationTokenSource cancel, TimeSpan timeout)
    {
        try
        {
            if (!Completion.Block(task, timeout))
            {
                cancel.Cancel();
                Completion.Block(task, Timeout.InfiniteTimeSpan);
            }
        }
        catch (ThreadInterruptedException)
        {
            cancel.Cancel();
            Wait(task);
            if (!task.IsCompletedSuccessfully)
            {
                throw;
            }

            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>Spins, and sleeps, until something holds, however often the thread is interrupted meanwhile.</summary>
    internal static void SpinUntil<T>(T argument, Func<T, bool> holds) => Run((argument, holds), static it =>
    {
        for (SpinWait spin = default; !it.holds(it.argument);)
        {
            spin.SpinOnce(); // Yields, and then sleeps for a millisecond at a time.
        }
    });

    internal readonly ref struct Entered(object gate)
    {
        public void Dispose() => Monitor.Exit(gate);
    }
}
