using DirectMap.Leases;

namespace DirectMap.Tests.Leases;

/// <summary>Whose deadline is whose, where several breaks of one file are under way.</summary>
public sealed class DeadlineTests : CoordinatorTest
{
    private static readonly FileRange s_first = new(0, 10);
    private static readonly FileRange s_second = new(10, 10);
    private static readonly TimeSpan s_later = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_breaker_that_joins_a_break_begins_another_one_for_what_it_touches_beside_it_and_each_has_its_own_deadline()
    {
        LeaseCoordinator coordinator = WithoutThreads();
        using ILayoutLease first = coordinator.Acquire(Lease(range: s_first));
        using ILayoutLease second = coordinator.Acquire(Lease(range: s_second));
        _ = coordinator.BreakAsync(Breaker(range: s_first)).AsTask();
        Clock.Advance(s_later);
        _ = coordinator.BreakAsync(Breaker()).AsTask();
        Assert.Equal(s_later, second.CurrentBreak!.Deadline - first.CurrentBreak!.Deadline);

        Clock.Advance(BreakTime - s_later);
        Assert.Equal(LeaseState.Revoked, first.State);
        Assert.Equal(LeaseState.Breaking, second.State);

        Clock.Advance(s_later);
        Assert.Equal(LeaseState.Revoked, second.State);
    }

    [Fact]
    public void A_lease_that_ends_takes_the_deadline_of_no_other_one_with_it()
    {
        LeaseCoordinator coordinator = WithoutThreads();
        using ILayoutLease first = coordinator.Acquire(Lease(range: s_first));
        using ILayoutLease second = coordinator.Acquire(Lease(range: s_second));
        using ILayoutLease other = coordinator.Acquire(Lease(range: new FileRange(30, 10)));
        _ = coordinator.BreakAsync(Breaker(range: new FileRange(0, 20))).AsTask();
        _ = coordinator.BreakAsync(Breaker(range: other.Range)).AsTask();

        first.Dispose();
        Clock.Advance(BreakTime);

        Assert.Equal(LeaseState.Released, first.State);
        Assert.Equal(LeaseState.Revoked, second.State);
        Assert.Equal(LeaseState.Revoked, other.State);
    }

    [Fact] // A break whose deadline is watched begins for no lease where memory ends; the next breaker begins another one for them.
    public void The_deadline_of_a_lease_in_another_break_is_not_its_own()
    {
        LeaseCoordinator coordinator = WithoutThreads();
        using ILayoutLease lease = coordinator.Acquire(Lease());
        _ = coordinator.BreakAsync(Breaker()).AsTask();
        PendingBreak own = (PendingBreak)coordinator.Deadlines.Next!;
        PendingBreak another = new(own.Table, own.Leases, own.Description, own.At, own.Began);

        own.Table.SetOverdue(another);
        Assert.Equal(LeaseState.Breaking, lease.State);
        own.Table.FailRevocations(another, new IOException("not of this one"));
        Assert.False(coordinator.Snapshot(TheFile).Breakers.Count == 0, "the breaker was told of a failure that is not its own");

        Clock.Advance(BreakTime);
        Assert.Equal(LeaseState.Revoked, lease.State);
    }

    [Fact]
    public async Task A_breaker_tries_again_to_revoke_only_what_is_in_its_way()
    {
        LeaseCoordinator coordinator = WithoutThreads();
        int[] tries = [0, 0];
        using ILayoutLease first = coordinator.Acquire(Lease(range: s_first, revoke: _ => Fail(0)));
        using ILayoutLease second = coordinator.Acquire(Lease(range: s_second, revoke: _ => Fail(1)));
        Task<ILayoutRight> both = coordinator.BreakAsync(Breaker()).AsTask();
        Clock.Advance(BreakTime);
        Assert.Equal(
            LeaseConflict.RevocationFailed, (await Assert.ThrowsAsync<LeaseConflictException>(() => both)).Conflict);
        Assert.Equal([1, 1], tries);

        Task<ILayoutRight> one = coordinator.BreakAsync(Breaker(range: s_first)).AsTask();

        Assert.Equal([2, 1], tries);
        Assert.Equal(LeaseConflict.RevocationFailed, (await Assert.ThrowsAsync<LeaseConflictException>(() => one)).Conflict);

        void Fail(int lease)
        {
            tries[lease]++;
            throw new IOException("never");
        }
    }

    /// <summary>What is overdue is revoked by whoever moves the clock.</summary>
    private LeaseCoordinator WithoutThreads() =>
        new(new LeaseCoordinatorOptions { TimeProvider = Clock, LeaseBreakTime = BreakTime }, revocationThreads: 0);
}
