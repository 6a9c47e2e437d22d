using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>The right to make several operations (BreakLayout).</summary>
public sealed class HeldRightTests : CoordinatorTest
{
    private readonly object _owner = new();

    private ILayoutRight TakeRight(FileRange? range = null) =>
        Coordinator.Break(Breaker(_owner, range, operation: LayoutOperation.BreakLayout));

    [Fact]
    public async Task It_breaks_leases_and_waits_for_their_holders_as_an_operation_does()
    {
        ILayoutLease lease = Hold();
        Task<ILayoutRight> breaker = StartBreak(Breaker(_owner, operation: LayoutOperation.BreakLayout));

        Assert.Equal(LayoutOperation.BreakLayout, lease.CurrentBreak!.Operation);
        Assert.False(breaker.IsCompleted);
        lease.Dispose();

        await using ILayoutRight right = await breaker.Within();
    }

    [Fact]
    public async Task While_it_is_held_the_owners_operations_within_it_go_on_and_those_of_others_wait()
    {
        ILayoutRight right = TakeRight(new FileRange(0, 100));
        Task<ILayoutRight> others = StartBreak(Breaker(range: new FileRange(0, 10)));

        Coordinator.Break(Breaker(_owner, new FileRange(0, 10))).Dispose();
        Coordinator.Break(Breaker(_owner, new FileRange(90, 10), takesBlocksAway: true)).Dispose();
        TakeRight(new FileRange(20, 5)).Dispose();

        Assert.False(others.IsCompleted);
        right.Dispose();
        await others.Within();
    }

    [Fact]
    public async Task Two_operations_under_it_that_touch_the_same_bytes_run_one_after_the_other()
    {
        using ILayoutRight right = TakeRight();
        ILayoutRight first = Coordinator.Break(Breaker(_owner, new FileRange(0, 10)));
        Task<ILayoutRight> second = StartBreak(Breaker(_owner, new FileRange(5, 10)));

        Assert.False(second.IsCompleted);
        first.Dispose();
        await second.Within();
    }

    [Fact]
    public async Task An_operation_under_it_that_outlives_it_still_keeps_others_out()
    {
        ILayoutRight right = TakeRight();
        ILayoutRight under = Coordinator.Break(Breaker(_owner, new FileRange(0, 10)));
        Task<ILayoutRight> others = StartBreak();

        right.Dispose();

        Assert.False(others.IsCompleted);
        under.Dispose();
        await others.Within();
    }

    [Fact]
    public void An_operation_that_reaches_beyond_it_and_would_have_to_wait_gets_EDEADLK_and_begins_nothing()
    {
        using ILayoutLease lease = Hold(range: FileRange.From(100));
        using ILayoutRight right = TakeRight(new FileRange(0, 100));

        LeaseConflictException refused = Assert.Throws<LeaseConflictException>(() =>
            Coordinator.Break(Breaker(_owner, new FileRange(50, 100))));

        Assert.Equal(LeaseConflict.Deadlock, refused.Conflict);
        Assert.Equal(LeaseState.Active, lease.State);
    }

    [Fact]
    public void An_operation_that_reaches_beyond_it_waits_for_it_no_more_than_for_others()
    {
        using ILayoutRight right = TakeRight(new FileRange(0, 100));

        // It overlaps the right without lying within it: it would have to wait for the right, which is its owner's own.
        Assert.Equal(
            LeaseConflict.Deadlock,
            Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(_owner, new FileRange(50, 100)))).Conflict);

        Coordinator.Break(Breaker(_owner, new FileRange(100, 100))).Dispose();
    }

    [Fact]
    public void An_operation_that_touches_a_right_within_the_right_and_is_not_under_it_gets_EDEADLK()
    {
        using ILayoutRight outer = TakeRight(new FileRange(0, 100));
        using ILayoutRight inner = TakeRight(new FileRange(0, 10));

        Assert.Equal(
            LeaseConflict.Deadlock,
            Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(_owner, new FileRange(5, 10)))).Conflict);

        Assert.Equal(LeaseConflict.Deadlock, Assert.Throws<LeaseConflictException>(() =>
            Coordinator.Break(Breaker(_owner, new FileRange(5, 10), new BreakOptions
            {
                WhenUnavailable =
                WhenUnavailable.Refuse
            }))).Conflict);

        Coordinator.Break(Breaker(_owner, new FileRange(5, 5))).Dispose();
    }

    [Fact]
    public void Nobody_waits_for_his_own_right_through_another_breaker()
    {
        using ILayoutRight right = TakeRight(new FileRange(0, 100));
        _ = StartBreak(Breaker(range: new FileRange(50, 100))); // waits for the right
        _ = StartBreak(Breaker(range: new FileRange(140, 100))); // waits for the one that waits for the right

        Assert.Equal(
            LeaseConflict.Deadlock,
            Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(_owner, new FileRange(100, 10)))).Conflict);
        Assert.Equal(
            LeaseConflict.Deadlock,
            Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(_owner, new FileRange(200, 10)))).Conflict);
        Assert.Equal(LeaseConflict.Deadlock, Assert.Throws<LeaseConflictException>(() =>
            Hold(_owner, range: new FileRange(200, 10), whenBreaking: WhenUnavailable.Wait)).Conflict);
        Coordinator.Break(Breaker(_owner, new FileRange(300, 10))).Dispose();
    }

    [Fact]
    public void Nobody_gets_a_lease_within_it_and_its_owner_does_not_wait_for_one()
    {
        using ILayoutRight right = TakeRight();

        Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => Hold()).Conflict);
        // to try again would not help either
        Assert.Equal(LeaseConflict.Deadlock, Assert.Throws<LeaseConflictException>(() => Hold(_owner)).Conflict);
        Assert.Equal(
            LeaseConflict.Deadlock, Assert.Throws<LeaseConflictException>(() => Hold(_owner, whenBreaking: WhenUnavailable.Wait)).Conflict);
    }

    [Fact]
    public void An_operation_under_it_that_would_take_blocks_from_the_owners_region_is_EBUSY_as_ever()
    {
        using ILayoutLease own = Hold(_owner, mapped: new FileRange(0, 4096));
        using ILayoutRight right = TakeRight();

        Assert.Equal(
            LeaseConflict.Busy,
            Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(_owner, takesBlocksAway: true))).Conflict);
    }

    [Fact]
    public async Task Giving_it_back_twice_is_nothing()
    {
        ILayoutRight right = TakeRight();
        right.Dispose();
        Task<ILayoutRight> next = StartBreak();

        right.Dispose();

        Assert.True(Coordinator.Snapshot(TheFile).Breakers.Single().IsRunning);
        (await next.Within()).Dispose();
    }

    [Fact]
    public async Task A_forgotten_one_is_given_back_when_it_is_collected()
    {
        Forget();
        Task<ILayoutRight> next = StartBreak();
        Assert.False(next.IsCompleted);

        ProcSelf.CollectGarbage();

        await next.Within();

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Forget() => TakeRight();
    }

    [Fact]
    public void One_that_is_granted_to_nobody_any_more_is_given_back_too()
    {
        ILayoutLease lease = Hold();
        Forget();
        lease.Dispose(); // The right is granted to a task that nobody has.
        Task<ILayoutRight> next = StartBreak();

        Soon.Until(
            () =>
            {
                ProcSelf.CollectGarbage();
                return next.IsCompleted;
            },
            "the next breaker goes on");

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Forget() => _ = StartBreak();
    }

    [Fact]
    public void A_right_under_a_right_lets_those_go_on_that_came_behind_it_and_lie_within_it()
    {
        object owner = new();
        using ILayoutRight outer = Coordinator.Break(Breaker(owner, operation: LayoutOperation.BreakLayout));
        ILayoutRight running = Coordinator.Break(Breaker(owner, new FileRange(0, 10)));
        Task<ILayoutRight> inner = StartBreak(Breaker(owner, new FileRange(0, 10), operation: LayoutOperation.BreakLayout));
        Task<ILayoutRight> within = StartBreak(Breaker(owner, new FileRange(0, 10)));
        Assert.False(inner.IsCompleted || within.IsCompleted);

        running.Dispose();

        Assert.True(inner.IsCompletedSuccessfully);
        Assert.True(within.IsCompletedSuccessfully, "it waits for the right that covers it");
    }
}
