using System.Diagnostics;
using DirectMap.Logs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Logs;

/// <summary>Sleeping and waking, by futex(2) and without it.</summary>
public sealed class WakeUpTests
{
    private const int Rounds = 2000;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_wake_up_that_comes_first_ends_the_next_sleep_at_once(bool usesFutex)
    {
        WakeUp wakeUp = new(usesFutex);
        wakeUp.Wake();
        wakeUp.Wake();

        long began = Stopwatch.GetTimestamp();
        wakeUp.Sleep();

        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5), "it slept until it looked by itself");
    }

    /// <summary>Each is asleep, or about to be, when the other one wakes it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_threads_wake_each_other_as_often_as_they_like(bool usesFutex)
    {
        WakeUp here = new(usesFutex), there = new(usesFutex);
        int turn = 0;
        Task other = Task.Factory.StartNew(
            () => TakeTurns(1, there, here), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Task one = Task.Factory.StartNew(
            () => TakeTurns(0, here, there), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        await Task.WhenAll(one, other).Within();
        Assert.Equal(2 * Rounds, turn);

        void TakeTurns(int parity, WakeUp mine, WakeUp others)
        {
            for (int i = 0; i < Rounds; i++)
            {
                while ((Volatile.Read(ref turn) & 1) != parity)
                {
                    mine.Sleep();
                }

                Volatile.Write(ref turn, turn + 1);
                others.Wake();
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_interrupt_is_kept_for_what_the_thread_waits_for_next(bool usesFutex)
    {
        WakeUp wakeUp = new(usesFutex);
        bool isTold = false;
        Thread? sleeper = null;
        Task<bool> slept = Task.Factory.StartNew(Sleep, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Soon.Until(() => slept.IsCompleted || (Volatile.Read(ref sleeper) is { } thread && (usesFutex || IsWaiting(thread))), "it sleeps");
        Volatile.Write(ref isTold, true);
        wakeUp.Wake();

        Assert.True(await slept.Within(), "the interrupt is gone");

        static bool IsWaiting(Thread thread) => thread.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin);

        bool Sleep()
        {
            Thread.CurrentThread.Interrupt();
            Volatile.Write(ref sleeper, Thread.CurrentThread);
            while (!Volatile.Read(ref isTold))
            {
                wakeUp.Sleep();
            }

            try
            {
                using SemaphoreSlim never = new(0);
                return never.Wait(Soon.Patience); // False: it waited to the end.
            }
            catch (ThreadInterruptedException)
            {
                return true;
            }
        }
    }
}
