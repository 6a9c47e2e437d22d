namespace DirectMap.Threading;

/// <summary>
/// Runs what takes a lock and must be done: a thread that is interrupted while it waits for the lock tries again, and keeps the interrupt
/// for whatever it waits for next.
/// </summary>
internal static class Uninterrupted
{
    /// <param name="argument">For the action.</param>
    /// <param name="action">Is interrupted, if at all, before it has done anything.</param>
    internal static void Run<T>(T argument, Action<T> action)
    {
        bool interrupted = false;
        while (true)
        {
            try
            {
                action(argument);
                break;
            }
            catch (ThreadInterruptedException)
            {
                interrupted = true;
            }
        }

        if (interrupted)
        {
            Thread.CurrentThread.Interrupt();
        }
    }

    /// <summary>
    /// Sets an event. An interrupt may hit between the flag and the waking of those who wait, since that takes a lock; setting
    /// it again wakes them.
    /// </summary>
    internal static void Set(ManualResetEventSlim signal) => Run(signal, static signal => signal.Set());

    /// <summary>Waits for an event, however often the thread is interrupted meanwhile.</summary>
    internal static void Wait(ManualResetEventSlim signal) => Run(signal, static signal => signal.Wait());
}
