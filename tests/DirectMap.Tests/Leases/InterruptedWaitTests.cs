using DirectMap.Leases;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>
/// A wait that is interrupted in the moment in which it is granted what it waits for: that is left to nobody, and nobody hangs.
/// </summary>
public sealed class InterruptedWaitTests : CoordinatorTest
{
    [Fact]
    public void A_lease_that_was_granted_meanwhile_is_had_and_the_interrupt_is_for_what_comes_next()
    {
        ILayoutRight right = Coordinator.Break(Breaker(new object()));
        ILayoutLease? lease = null;

        Exception? next = InterruptAndGrant(
            () => lease = Coordinator.Acquire(Lease(new object(), whenBreaking: WhenUnavailable.Wait)), right.Dispose);

        Assert.IsType<ThreadInterruptedException>(next);
        Assert.Equal(LeaseState.Active, lease!.State);
        lease.Dispose();
        Assert.Empty(Coordinator.Snapshot(TheFile).Leases);
    }

    [Fact]
    public void A_right_that_was_granted_meanwhile_is_had_and_the_interrupt_is_for_what_comes_next()
    {
        ILayoutRight first = Coordinator.Break(Breaker(new object()));
        ILayoutRight? second = null;

        Exception? next = InterruptAndGrant(() => second = Coordinator.Break(Breaker(new object())), first.Dispose);

        Assert.IsType<ThreadInterruptedException>(next);
        Assert.Single(Coordinator.Snapshot(TheFile).Breakers);
        second!.Dispose();
        Assert.Empty(Coordinator.Snapshot(TheFile).Breakers);
    }

    [Fact]
    public void A_lease_that_was_not_granted_is_not_asked_for_any_more()
    {
        using ILayoutRight right = Coordinator.Break(Breaker(new object()));
        Exception? thrown = null;

        InterruptAndGrant(
            () => thrown = Record.Exception(() => Coordinator.Acquire(Lease(new object(), whenBreaking: WhenUnavailable.Wait))), () => { });

        Assert.IsType<ThreadInterruptedException>(thrown);
        Assert.Empty(Coordinator.Snapshot(TheFile).Waiters);
    }

    /// <summary>
    /// Whoever waits has a lock of the runtime's while the interrupt is thrown, and whoever grants waits for that lock with the table's
    /// gate in hand. FilterTests say that nothing waits for the gate meanwhile; here both are tried.
    /// </summary>
    [Fact]
    public void Nobody_hangs_when_an_interrupt_and_a_grant_come_at_one_time()
    {
        const int Rounds = 3000;
        int round = 0, granted = 0, interrupted = 0;
        Thread holder = new(() =>
        {
            for (int own = 1; own <= Rounds; own++)
            {
                while (Volatile.Read(ref round) < own)
                {
                    Thread.SpinWait(10); // Not one that an interrupt ends.
                }

                try
                {
                    Coordinator.Acquire(Lease(new object(), whenBreaking: WhenUnavailable.Wait)).Dispose();
                    granted++;
                }
                catch (ThreadInterruptedException)
                {
                    interrupted++;
                }
            }
        })
        {
            IsBackground = true,
        };
        holder.Start();
        while (round < Rounds)
        {
            ILayoutRight right = Coordinator.Break(Breaker(new object()));
            Volatile.Write(ref round, round + 1);
            SpinWait.SpinUntil(() => Coordinator.Snapshot(TheFile).Waiters.Count == 1, TimeSpan.FromMilliseconds(10));
            Thread grant = new(right.Dispose) { IsBackground = true };
            grant.Start();
            holder.Interrupt();

            Assert.True(grant.Join(Soon.Patience), "whoever grants waits for the one who is interrupted");
        }

        Assert.True(holder.Join(Soon.Patience));
        Assert.True(granted + interrupted == Rounds && interrupted > 0, $"{granted} granted, {interrupted} interrupted");
    }

    /// <summary>
    /// Waits on a thread of its own, interrupts it, and grants what it waits for when the wait has ended by that, before anything else.
    /// </summary>
    /// <returns>What a sleep of the same thread throws afterwards.</returns>
    private Exception? InterruptAndGrant(Action wait, Action grant)
    {
        using ManualResetEventSlim waits = new();
        Exception? next = null;
        Thread thread = new(() =>
        {
            wait();
            next = Record.Exception(() => Thread.Sleep(0));
        });
        Coordinator.AtStep = (step, _) =>
        {
            if (Thread.CurrentThread == thread && step == LeaseStep.Waiting)
            {
                waits.Set();
            }

            if (Thread.CurrentThread == thread && step == LeaseStep.Waited)
            {
                grant();
            }
        };
        thread.Start();
        Assert.True(waits.Wait(Soon.Patience));
        thread.Interrupt(); // Now, or as soon as it waits.
        Assert.True(thread.Join(Soon.Patience));
        Coordinator.AtStep = null;
        return next;
    }
}
