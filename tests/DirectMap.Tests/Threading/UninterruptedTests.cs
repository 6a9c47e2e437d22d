using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Threading;

public sealed class UninterruptedTests
{
    [Fact]
    public void A_thread_that_is_interrupted_while_it_waits_for_a_lock_gets_it_and_keeps_the_interrupt()
    {
        UninterruptedLock gate = new();
        bool had = false;
        bool kept = false;
        Thread thread = new(() =>
        {
            using (gate.Enter())
            {
                had = true;
            }

            kept = Interrupts.WasInterrupted();
        });
        using (gate.Enter())
        {
            thread.Start();
            Soon.Until(() => Interrupts.IsAsleep(thread), "the thread waits for the lock");
            thread.Interrupt();
            Soon.Until(() => Interrupts.IsAsleep(thread), "the thread waits again");
            Assert.False(had);
        }

        Assert.True(thread.Join(Soon.Patience));
        Assert.True(had);
        Assert.True(kept);
    }

    /// <summary>The interrupt is there before the wait, so the first sleep meets it.</summary>
    [Theory]
    [InlineData("lock")]
    [InlineData("monitor")]
    [InlineData("gate")]
    public void A_thread_that_was_interrupted_before_it_waits_gets_in_and_keeps_the_interrupt(string what)
    {
        Locks locks = new();
        bool kept = false;
        Exception? thrown = null;
        bool isIn = false;
        Thread thread = new(() =>
        {
            Thread.CurrentThread.Interrupt();
            thrown = Record.Exception(() => locks.Enter(what, () => isIn = true));
            kept = WasInterrupted();
        })
        { IsBackground = true };

        locks.Enter(what, () =>
        {
            thread.Start();
            Soon.Until(() => IsAsleep(thread) || !thread.IsAlive, "it waits");
            Assert.False(isIn);
        });

        Assert.True(thread.Join(Soon.Patience));
        Assert.Null(thrown);
        Assert.True(isIn);
        Assert.True(kept);
    }

    [Fact]
    public void A_lock_can_be_entered_twice_by_one_thread_and_is_free_when_it_was_left_as_often()
    {
        UninterruptedLock gate = new();
        using (gate.Enter())
        {
            using (gate.Enter())
            {
            }

            Assert.False(TakenByAnother(out _));
        }

        Assert.True(TakenByAnother(out Thread other));
        Assert.True(other.Join(Soon.Patience));

        bool TakenByAnother(out Thread other)
        {
            bool taken = false;
            other = new Thread(() =>
            {
                using (gate.Enter())
                {
                    Volatile.Write(ref taken, true);
                }
            })
            { IsBackground = true };
            other.Start();
            Thread waited = other;
            Soon.Until(() => Volatile.Read(ref taken) || Interrupts.IsAsleep(waited), "it has the lock, or waits for it");
            return Volatile.Read(ref taken);
        }
    }

    [Fact]
    public void Who_is_interrupted_while_a_task_goes_on_cancels_it_and_leaves_when_it_has_ended()
    {
        using CancellationTokenSource cancel = new();
        TaskCompletionSource task = new();
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(
            () => Uninterrupted.WaitOrCancel(task.Task, cancel, Timeout.InfiniteTimeSpan)));
        thread.Start();
        Soon.Until(() => Interrupts.IsAsleep(thread), "the thread waits for the task");
        thread.Interrupt();
        Soon.Until(() => cancel.IsCancellationRequested && Interrupts.IsAsleep(thread), "the task is cancelled and waited for");

        task.SetCanceled(cancel.Token);

        Assert.True(thread.Join(Soon.Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
    }

    [Fact]
    public void A_task_that_is_done_all_the_same_has_not_been_interrupted()
    {
        using CancellationTokenSource cancel = new();
        TaskCompletionSource task = new();
        Exception? thrown = null;
        bool kept = false;
        Thread thread = new(() =>
        {
            thrown = Record.Exception(() => Uninterrupted.WaitOrCancel(task.Task, cancel, Timeout.InfiniteTimeSpan));
            kept = Interrupts.WasInterrupted();
        });
        thread.Start();
        Soon.Until(() => Interrupts.IsAsleep(thread), "the thread waits for the task");
        thread.Interrupt();
        Soon.Until(() => cancel.IsCancellationRequested, "the task is cancelled");

        task.SetResult();

        Assert.True(thread.Join(Soon.Patience));
        Assert.Null(thrown);
        Assert.True(kept);
    }

    private static bool IsAsleep(Thread thread) => thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin);

    /// <summary>Asks the thread that calls it, and takes the interrupt away.</summary>
    private static bool WasInterrupted()
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

    /// <summary>One of each kind that the library has.</summary>
    private sealed class Locks
    {
        private readonly UninterruptedLock _lock = new();
        private readonly object _monitor = new();
        private Gate _gate;

        internal void Enter(string what, Action action)
        {
            switch (what)
            {
                case "lock":
                    using (_lock.Enter())
                    {
                        action();
                    }

                    break;
                case "monitor":
                    using (Uninterrupted.Enter(_monitor))
                    {
                        action();
                    }

                    break;
                default:
                    using (_gate.Enter())
                    {
                        action();
                    }

                    break;
            }
        }
    }
}
