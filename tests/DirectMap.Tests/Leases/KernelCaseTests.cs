using DirectMap.Configuration;
using DirectMap.Layout;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>
/// The cases of file leases that no test of the kernel's has (neither LTP nor xfstests). Each says what the kernel does (measured on Linux
/// 6.18); where we differ, docs/architecture.md says why.
/// </summary>
public sealed class KernelCaseTests : CoordinatorTest
{
    [Fact] // Kernel: F_GETLEASE shows the type that the lease will have (F_UNLCK) as if it were gone. Differs.
    public void During_a_break_the_state_is_Breaking_and_the_lease_is_in_force_with_its_mode()
    {
        using ILayoutLease lease = Hold();
        _ = StartBreak();

        Assert.Equal(LeaseState.Breaking, lease.State);
        Assert.Equal(LeaseMode.Shared, lease.Mode);
        Assert.Equal(LeaseState.Breaking, Coordinator.Snapshot(TheFile).Leases.Single().State);
    }

    [Fact] // Kernel: setting the lease again during the break "succeeds" and changes nothing. Differs: it is refused.
    public void During_a_break_the_holder_cannot_take_the_lease_again()
    {
        object owner = new();
        using ILayoutLease lease = Hold(owner);
        _ = StartBreak();

        Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => Hold(owner)).Conflict);
        Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(lease.Upgrade).Conflict);
    }

    [Fact] // Kernel: at the deadline the holder gets no signal, and finds out by F_GETLEASE. Differs: Revoke is called, the state says so.
    public async Task Expiry_is_told_to_the_holder_and_takes_the_lease_away_for_good()
    {
        int revoked = 0;
        using ILayoutLease lease = Hold(revoke: _ => revoked++);
        Task<ILayoutRight> breaker = StartBreak();

        Clock.Advance(BreakTime);

        (await breaker.Within()).Dispose();
        Assert.Equal(1, revoked);
        Assert.Equal(LeaseState.Revoked, lease.State);
        using ILayoutLease again = Hold(); // a new one can be had
        Assert.Equal(LeaseState.Revoked, lease.State);
    }

    [Fact] // Kernel: expiry happens lazily, when somebody waits or asks. Differs: at the deadline.
    public void Expiry_needs_nobody_who_waits()
    {
        using ILayoutLease lease = Hold();
        Assert.Throws<LeaseConflictException>(
            () => Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse })));

        Clock.Advance(BreakTime);

        Soon.Until(() => lease.State == LeaseState.Revoked, "the lease is revoked with no breaker waiting");
    }

    // Kernel: EWOULDBLOCK, the signal is sent, the break goes on; a second non-blocking breaker gets the same and sends nothing. The same.
    [Fact]
    public void Two_breakers_that_do_not_wait_begin_one_break()
    {
        int told = 0;
        using ILayoutLease lease = Hold(onBreak: _ => Interlocked.Increment(ref told));
        BreakOptions nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

        LeaseConflictException first = Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(options: nonBlocking)));
        LeaseConflictException second = Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(options: nonBlocking)));

        Assert.Equal((LeaseConflict.WouldBlock, LeaseConflict.WouldBlock), (first.Conflict, second.Conflict));
        Assert.Same(first.Break, second.Break);
        Soon.Until(() => Volatile.Read(ref told) == 1, "the holder is told");
        Assert.Empty(Coordinator.Snapshot(TheFile).Breakers);
    }

    [Fact] // Kernel: a waiter that is interrupted (EINTR) or killed does not end the break. The same.
    public void An_interrupted_waiter_gives_up_and_the_break_goes_on()
    {
        using ILayoutLease lease = Hold();
        Exception? ended = null;
        Thread waiter = new(() => ended = Record.Exception(() => Coordinator.Break(Breaker())));
        waiter.Start();
        Soon.Until(
            () => Coordinator.Snapshot(TheFile).Breakers.Count == 1 && waiter.ThreadState.HasFlag(ThreadState.WaitSleepJoin),
            "the breaker waits");

        waiter.Interrupt();

        Assert.True(waiter.Join(Soon.Patience));
        Assert.IsType<ThreadInterruptedException>(ended);
        Assert.Equal(LeaseState.Breaking, lease.State);
        Assert.Empty(Coordinator.Snapshot(TheFile).Breakers);
        Clock.Advance(BreakTime);
        Soon.Until(() => lease.State == LeaseState.Revoked, "the deadline holds");
    }

    // Kernel: F_WRLCK over one's own F_RDLCK is granted to the sole open, EAGAIN beside others. The same, for holders instead of opens.
    [Fact]
    public void Upgrade_is_for_the_sole_holder()
    {
        using ILayoutLease lease = Hold();
        using (Hold())
        {
            Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(lease.Upgrade).Conflict);
        }

        lease.Upgrade();
        Assert.Equal(LeaseMode.Exclusive, lease.Mode);
    }

    [Fact] // Kernel: F_RDLCK over one's own F_WRLCK fails on a writable description. Differs: it always works.
    public void Downgrade_always_works()
    {
        using ILayoutLease lease = Coordinator.Acquire(Lease() with { Mode = LeaseMode.Exclusive });

        lease.Downgrade();

        Assert.Equal(LeaseMode.Shared, lease.Mode);
        using ILayoutLease other = Hold();
    }

    [Fact] // Kernel: both read holders are signalled once, and the breaker waits for both. The same.
    public async Task Of_two_shared_holders_each_is_told_and_the_breaker_waits_for_both()
    {
        ILayoutLease one = Hold();
        ILayoutLease other = Hold();
        Task<ILayoutRight> breaker = StartBreak();

        Assert.Same(await one.WaitForBreakAsync().Within(), await other.WaitForBreakAsync().Within());
        one.Dispose();
        Assert.False(breaker.IsCompleted);
        other.Dispose();
        (await breaker.Within()).Dispose();
    }

    // Kernel: a holder that opens its own file blocks on itself until the deadline. Differs: EDEADLK at once, or no break of
    // one's own lease at all.
    [Fact]
    public void A_holder_that_breaks_on_its_own_thread_never_waits_for_itself()
    {
        object owner = new();
        using ILayoutLease lease = Hold(owner);

        Coordinator.Break(Breaker(owner)).Dispose(); // the same owner: nothing is broken
        Assert.Equal(LeaseState.Active, lease.State);

        Task<ILayoutRight> others = StartBreak();
        Assert.Equal(LeaseConflict.Deadlock, Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(owner))).Conflict);
        Assert.False(others.IsCompleted);
    }

    [Fact] // Kernel: lease_break_time is read when the break begins; a change holds for later breaks. The same.
    public void A_change_of_the_break_time_holds_for_breaks_that_begin_afterwards()
    {
        using ILayoutLease first = Hold(range: new FileRange(0, 10));
        using ILayoutLease second = Hold(range: new FileRange(20, 10));
        _ = StartBreak(Breaker(range: new FileRange(0, 10)));

        Coordinator.Services.LeaseBreakTime = TimeSpan.FromSeconds(5);
        _ = StartBreak();
        Clock.Advance(TimeSpan.FromSeconds(5));

        Soon.Until(() => second.State == LeaseState.Revoked, "the later break has the new time");
        Assert.Equal(LeaseState.Breaking, first.State);
        Coordinator.Services.LeaseBreakTime = TimeSpan.Zero; // changes nothing for what has begun
        Clock.Advance(BreakTime);
        Soon.Until(() => first.State == LeaseState.Revoked, "the earlier break has the old time");
    }
}
