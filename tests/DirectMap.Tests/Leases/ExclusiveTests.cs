using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>Exclusive leases, upgrade and downgrade.</summary>
public sealed class ExclusiveTests : CoordinatorTest
{
    private readonly object _owner = new();

    private ILayoutLease HoldExclusive(
        object? owner = null, FileRange? range = null, WhenUnavailable unavailable = WhenUnavailable.Refuse) =>
        Coordinator.Acquire(Lease(owner ?? _owner, range: range, whenBreaking: unavailable) with { Mode = LeaseMode.Exclusive });

    private static void AssertConflict(LeaseConflict expected, Func<object?> action) =>
        Assert.Equal(expected, Assert.Throws<LeaseConflictException>(() => { action(); }).Conflict);

    private static async Task AssertConflictAsync(LeaseConflict expected, Task refused) =>
        Assert.Equal(expected, (await Assert.ThrowsAsync<LeaseConflictException>(refused.Within)).Conflict);

    private static void AssertConflict(LeaseConflict expected, Action action) =>
        Assert.Equal(expected, Assert.Throws<LeaseConflictException>(action).Conflict);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_breaker_of_another_owner_gets_ETXTBSY_at_once_and_begins_nothing(bool nonBlocking)
    {
        using ILayoutLease exclusive = HoldExclusive(range: new FileRange(0, 10));
        using ILayoutLease shared = Hold(range: new FileRange(100, 10));

        LeaseConflictException refused = Assert.Throws<LeaseConflictException>(() =>
            Coordinator.Break(
                Breaker(options: new BreakOptions { WhenUnavailable = nonBlocking ? WhenUnavailable.Refuse : WhenUnavailable.Wait })));

        Assert.Equal(LeaseConflict.ExclusivelyHeld, refused.Conflict);
        Assert.Equal(26, refused.HResult);
        Assert.Contains("ETXTBSY", refused.Message, StringComparison.Ordinal);
        Assert.Equal(LeaseState.Active, exclusive.State);
        Assert.Equal(LeaseState.Active, shared.State);
        Assert.Empty(Coordinator.Snapshot(TheFile).Breakers);
    }

    [Fact]
    public void A_breaker_beside_the_exclusive_range_goes_on()
    {
        using ILayoutLease exclusive = HoldExclusive(range: new FileRange(0, 10));

        Coordinator.Break(Breaker(range: FileRange.From(10))).Dispose();
    }

    [Fact]
    public void The_owners_own_operations_go_on()
    {
        using ILayoutLease exclusive = HoldExclusive();

        Coordinator.Break(Breaker(_owner)).Dispose();
    }

    [Fact]
    public void No_other_owner_gets_a_lease_on_the_same_bytes_and_the_same_owner_does()
    {
        using ILayoutLease exclusive = HoldExclusive(range: new FileRange(0, 10));

        AssertConflict(LeaseConflict.WouldBlock, () => Hold(range: new FileRange(9, 1)));
        AssertConflict(LeaseConflict.WouldBlock, () => HoldExclusive(new object(), new FileRange(0, 1)));
        using ILayoutLease beside = Hold(range: new FileRange(10, 1));
        using ILayoutLease own = Hold(_owner);
        using ILayoutLease ownExclusive = HoldExclusive(range: new FileRange(5, 5));
    }

    [Fact]
    public void An_exclusive_lease_is_refused_while_others_hold_the_same_bytes()
    {
        using ILayoutLease shared = Hold(range: new FileRange(0, 10));

        AssertConflict(LeaseConflict.WouldBlock, () => HoldExclusive());
        using ILayoutLease beside = HoldExclusive(range: FileRange.From(10));
        Assert.Equal(LeaseState.Active, shared.State);
    }

    [Fact]
    public async Task One_that_waits_is_granted_when_the_last_of_the_others_has_let_go_and_breaks_nobody()
    {
        ILayoutLease one = Hold();
        ILayoutLease other = Hold();
        Task<ILayoutLease> waiting = Coordinator.AcquireAsync(
            Lease(_owner, whenBreaking: WhenUnavailable.Wait) with { Mode = LeaseMode.Exclusive }).AsTask();

        one.Dispose();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(LeaseState.Active, other.State);
        using (Hold())
        {
            other.Dispose(); // A shared lease is granted meanwhile: who waits for exclusiveness does not shut others out.
            Assert.False(waiting.IsCompleted);
        }

        using ILayoutLease granted = await waiting.Within();
        Assert.Equal(LeaseMode.Exclusive, granted.Mode);
    }

    [Fact]
    public async Task A_shared_request_that_waits_is_granted_at_the_downgrade()
    {
        using ILayoutLease exclusive = HoldExclusive();
        Task<ILayoutLease> waiting = Coordinator.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait)).AsTask();
        Assert.False(waiting.IsCompleted);

        exclusive.Downgrade();

        (await waiting.Within()).Dispose();
        Assert.Equal(LeaseMode.Shared, exclusive.Mode);
        _ = StartBreak();
        Assert.Equal(LeaseState.Breaking, exclusive.State);
    }

    [Fact]
    public void A_sole_holder_upgrades_and_then_breakers_get_ETXTBSY()
    {
        using ILayoutLease lease = Hold(_owner);

        lease.Upgrade();
        lease.Upgrade();

        Assert.Equal(LeaseMode.Exclusive, lease.Mode);
        AssertConflict(LeaseConflict.ExclusivelyHeld, () => Coordinator.Break(Breaker()));
        lease.Dispose();
        Coordinator.Break(Breaker()).Dispose();
    }

    [Fact]
    public async Task Beside_another_holder_an_upgrade_is_refused_or_waits_as_asked()
    {
        using ILayoutLease lease = Hold(_owner);
        using ILayoutLease own = Hold(_owner);
        ILayoutLease other = Hold();

        AssertConflict(LeaseConflict.WouldBlock, lease.Upgrade);
        Assert.Equal(LeaseMode.Shared, lease.Mode);
        Task waiting = lease.UpgradeAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        other.Dispose();

        await waiting.Within();
        Assert.Equal(LeaseMode.Exclusive, lease.Mode);
    }

    [Fact]
    public async Task Two_waits_to_upgrade_the_same_lease_are_one_upgrade()
    {
        ILayoutLease lease = Hold();
        ILayoutLease other = Hold();
        Task[] waiting = [lease.UpgradeAsync().AsTask(), lease.UpgradeAsync().AsTask()];
        other.Dispose();
        await Task.WhenAll(waiting).Within();
        lease.Dispose();

        // The fast way of an empty file is taken when nothing is exclusive any more.
        Assert.Equal(0, Coordinator.ExclusiveLeasesOf(TheFile));
    }

    [Fact]
    public async Task Of_two_holders_that_wait_to_upgrade_the_second_gets_EDEADLK()
    {
        ILayoutLease one = Hold();
        ILayoutLease other = Hold();
        Task waiting = one.UpgradeAsync().AsTask();

        await AssertConflictAsync(LeaseConflict.Deadlock, other.UpgradeAsync().AsTask());
        Assert.False(waiting.IsCompleted);
        other.Dispose();
        await waiting.Within();
    }

    [Fact]
    public async Task A_break_ends_a_wait_for_an_upgrade_with_EDEADLK()
    {
        using ILayoutLease lease = Hold();
        using ILayoutLease other = Hold();
        Task waiting = lease.UpgradeAsync().AsTask();

        _ = StartBreak();

        LeaseConflictException ended = await Assert.ThrowsAsync<LeaseConflictException>(() => waiting.Within());
        Assert.Equal(LeaseConflict.Deadlock, ended.Conflict);
        Assert.Same(lease.CurrentBreak, ended.Break);
        AssertConflict(LeaseConflict.WouldBlock, lease.Upgrade);
        await AssertConflictAsync(LeaseConflict.Deadlock, lease.UpgradeAsync().AsTask());
    }

    [Fact]
    public async Task Releasing_ends_a_wait_for_an_upgrade_and_a_released_lease_changes_no_more()
    {
        ILayoutLease lease = Hold();
        using ILayoutLease other = Hold();
        Task waiting = lease.UpgradeAsync().AsTask();

        lease.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting.Within());
        Assert.Throws<ObjectDisposedException>(lease.Upgrade);
        Assert.Throws<ObjectDisposedException>(lease.Downgrade);
        other.Upgrade();
    }

    [Fact]
    public async Task A_wait_for_an_upgrade_can_be_cancelled_and_the_lease_stays_shared()
    {
        using ILayoutLease lease = Hold();
        ILayoutLease other = Hold();
        using CancellationTokenSource impatience = new();
        Task waiting = lease.UpgradeAsync(impatience.Token).AsTask();

        impatience.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Within());
        other.Dispose();
        Assert.Equal(LeaseMode.Shared, lease.Mode);
        Assert.Empty(Coordinator.Snapshot(TheFile).Waiters);
    }

    [Fact]
    public async Task Inside_a_break_callback_an_upgrade_that_would_wait_gets_EDEADLK()
    {
        FileId elsewhere = new(7, 7, 7);
        using ILayoutLease mine = Coordinator.Acquire(Lease() with { File = elsewhere });
        using ILayoutLease others = Coordinator.Acquire(Lease() with { File = elsewhere });
        TaskCompletionSource<Exception?> attempt = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ILayoutLease lease = Hold(onBreak: told =>
            attempt.SetResult(mine.UpgradeAsync().AsTask().Exception?.InnerException));

        _ = StartBreak();

        Assert.Equal(LeaseConflict.Deadlock, Assert.IsType<LeaseConflictException>(await attempt.Task.Within()).Conflict);
    }

    [Fact]
    public void Requests_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Coordinator.Acquire(Lease() with { Mode = (LeaseMode)7 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => Coordinator.Acquire(Lease(whenBreaking: (WhenUnavailable)7)));
        Assert.Throws<ArgumentException>(() => Hold(range: new FileRange(0, 10), mapped: new FileRange(5, 10)));
    }
}
