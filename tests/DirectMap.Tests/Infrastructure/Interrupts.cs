namespace DirectMap.Tests.Infrastructure;

/// <summary>Threads that are interrupted on purpose.</summary>
internal static class Interrupts
{
    internal static bool IsAsleep(Thread thread) => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);

    /// <summary>Asks the thread that calls it, and takes the interrupt away.</summary>
    internal static bool WasInterrupted()
    {
        using ManualResetEventSlim never = new();
        try
        {
            return never.Wait(TimeSpan.FromMilliseconds(1)) && false;
        }
        catch (ThreadInterruptedException)
        {
            return true;
        }
    }
}
