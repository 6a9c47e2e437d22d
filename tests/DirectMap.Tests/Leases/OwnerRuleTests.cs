using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>What an owner may do to its own leases, and that nobody waits for himself.</summary>
public sealed class OwnerRuleTests : CoordinatorTest
{
    private readonly object _owner = new();

    [Fact]
    public void An_owners_own_operation_does_not_break_its_own_lease()
    {
        using ILayoutLease own = Hold(_owner);

        Coordinator.Break(Breaker(_owner)).Dispose();

        Assert.Equal(LeaseState.Active, own.State);
    }

    [Fact]
    public async Task An_owners_own_operation_waits_for_the_other_holders()
    {
        using ILayoutLease own = Hold(_owner);
        ILayoutLease others = Hold();

        Task<ILayoutRight> operation = StartBreak(Breaker(_owner));

        Assert.Equal(LeaseState.Breaking, others.State);
        Assert.Equal(LeaseState.Active, own.State);
        Assert.False(operation.IsCompleted);
        others.Dispose();
        (await operation.Within()).Dispose();
        Assert.Equal(LeaseState.Active, own.State);
    }

    [Fact]
    public void An_operation_that_would_take_blocks_from_the_owners_own_region_is_EBUSY_and_breaks_nobody()
    {
        using ILayoutLease own = Hold(_owner, mapped: new FileRange(4096, 4096));
        using ILayoutLease others = Hold();

        LeaseConflictException busy = Assert.Throws<LeaseConflictException>(
            () => Coordinator.Break(Breaker(_owner, range: FileRange.From(8191), takesBlocksAway: true)));

        Assert.Equal(LeaseConflict.Busy, busy.Conflict);
        Assert.Equal(16, busy.HResult);
        Assert.Equal(LeaseState.Active, own.State);
        Assert.Equal(LeaseState.Active, others.State);
    }

    [Fact]
    public void An_operation_that_takes_blocks_beside_the_owners_own_region_is_allowed()
    {
        using ILayoutLease own = Hold(_owner, mapped: new FileRange(4096, 4096));

        Coordinator.Break(Breaker(_owner, range: FileRange.From(8192), takesBlocksAway: true)).Dispose();

        Assert.Equal(LeaseState.Active, own.State);
    }

    [Fact]
    public void An_owner_whose_lease_is_breaking_gets_EDEADLK_at_once()
    {
        using ILayoutLease own = Hold(_owner);
        _ = StartBreak();

        LeaseConflictException deadlock = Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(_owner)));

        Assert.Equal(LeaseConflict.Deadlock, deadlock.Conflict);
        Assert.Equal(35, deadlock.HResult);
    }

    [Fact]
    public void An_owner_whose_lease_is_breaking_may_still_do_what_touches_nothing()
    {
        using ILayoutLease own = Hold(_owner);
        _ = StartBreak();

        Coordinator.Break(Breaker(_owner, new FileRange(5, 0))).Dispose();
    }

    [Fact]
    public async Task A_breaker_called_inside_a_break_callback_gets_EDEADLK_instead_of_waiting()
    {
        TaskCompletionSource<Exception?> fromCallback = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource<Exception?> fromToken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ILayoutLease lease = Hold(onBreak: _ => fromCallback.SetResult(Record.Exception(() => Coordinator.Break(Breaker()))));
        lease.Breaking.Register(() => fromToken.SetResult(Record.Exception(() => Hold(whenBreaking: WhenUnavailable.Wait))));

        _ = StartBreak();

        foreach (TaskCompletionSource<Exception?> attempt in new[] { fromCallback, fromToken })
        {
            LeaseConflictException deadlock = Assert.IsType<LeaseConflictException>(await attempt.Task.Within());
            Assert.Equal(LeaseConflict.Deadlock, deadlock.Conflict);
        }
    }

    [Fact]
    public async Task Inside_a_break_callback_an_operation_that_does_not_wait_gets_EWOULDBLOCK_and_begins_its_break()
    {
        FileId elsewhere = new(7, 7, 7);
        using ILayoutLease held = Coordinator.Acquire(Lease() with { File = elsewhere });
        TaskCompletionSource<Exception?> attempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
        BreakRequest nonBlocking =
            Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }) with { File = elsewhere };
        using ILayoutLease lease = Hold(onBreak: _ => attempt.SetResult(Record.Exception(() => Coordinator.Break(nonBlocking))));

        _ = StartBreak();

        Assert.Equal(LeaseConflict.WouldBlock, Assert.IsType<LeaseConflictException>(await attempt.Task.Within()).Conflict);
        Assert.Equal(LeaseState.Breaking, held.State);
    }

    [Fact]
    public async Task Inside_a_break_callback_an_operation_that_waits_for_nobody_is_allowed()
    {
        TaskCompletionSource<Exception?> attempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
        FileId elsewhere = new(7, 7, 7);
        using ILayoutLease lease = Hold(onBreak: _ =>
            attempt.SetResult(Record.Exception(() => Coordinator.Break(Breaker() with { File = elsewhere }).Dispose())));

        _ = StartBreak();

        Assert.Null(await attempt.Task.Within());
    }
}
