using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>Who wants a new lease while a break is pending is refused, or waits until the last breaker has finished.</summary>
public sealed class NewLeaseTests : CoordinatorTest
{
    [Fact]
    public void While_a_break_is_pending_a_new_lease_is_refused_if_it_does_not_wait()
    {
        using ILayoutLease lease = Hold();
        _ = StartBreak();

        LeaseConflictException refused = Assert.Throws<LeaseConflictException>(() => Hold());
        Assert.Equal(LeaseConflict.WouldBlock, refused.Conflict);
        Assert.EndsWith(
            $": a break is pending; wait for it (WhenUnavailable.Wait), or try again at {refused.Break!.Deadline:O} at the latest "
                + "(EWOULDBLOCK)",
            refused.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_lease_that_waits_is_granted_when_the_last_breaker_has_finished_its_operation()
    {
        ILayoutLease lease = Hold();
        Task<ILayoutRight> first = StartBreak();
        Task<ILayoutRight> second = StartBreak();
        Task<ILayoutLease> newcomer = Coordinator.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait)).AsTask();

        lease.Dispose();
        ILayoutRight firstRight = await first.Within();
        Assert.False(newcomer.IsCompleted);
        firstRight.Dispose();
        ILayoutRight secondRight = await second.Within();
        Assert.False(newcomer.IsCompleted);
        secondRight.Dispose();

        using ILayoutLease granted = await newcomer.Within();
        Assert.Equal(LeaseState.Active, granted.State);
    }

    [Fact]
    public async Task A_new_lease_that_waits_can_give_up()
    {
        using ILayoutLease lease = Hold();
        _ = StartBreak();
        using CancellationTokenSource impatience = new();
        Task<ILayoutLease> newcomer = Coordinator.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait), impatience.Token).AsTask();

        impatience.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => newcomer.Within());
    }

    [Fact]
    public async Task A_new_lease_that_waits_without_async_is_granted_too()
    {
        ILayoutLease lease = Hold();
        Task<ILayoutRight> breaker = StartBreak();
        Task<ILayoutLease> newcomer = Task.Run(() => Hold(whenBreaking: WhenUnavailable.Wait));

        lease.Dispose();
        (await breaker.Within()).Dispose();

        (await newcomer.Within()).Dispose();
    }
}
