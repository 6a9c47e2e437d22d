using DirectMap.Configuration;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Leases;

/// <summary>The rows of the contract about breaks, on the coordinator alone.</summary>
public sealed class BreakTests : CoordinatorTest
{
    [Fact]
    public void Any_number_of_shared_leases_is_granted()
    {
        ILayoutLease[] leases = [.. Enumerable.Range(0, 100).Select(_ => Hold())];

        Assert.All(leases, lease => Assert.Equal(LeaseState.Active, lease.State));
    }

    [Fact]
    public void Without_holders_a_breaker_goes_on_at_once()
    {
        using ILayoutRight right = Coordinator.Break(Breaker());

        Assert.Equal(FileRange.Whole, right.Range);
    }

    [Fact]
    public void A_break_makes_every_touched_lease_Breaking_and_says_who_what_and_until_when()
    {
        using ILayoutLease first = Hold();
        using ILayoutLease second = Hold();
        DateTimeOffset start = Clock.GetUtcNow();

        Task<ILayoutRight> breaker = StartBreak(Breaker(range: new FileRange(10, 5), name: "Ann", operation: LayoutOperation.PunchHole));

        foreach (ILayoutLease lease in new[] { first, second })
        {
            Assert.Equal(LeaseState.Breaking, lease.State);
            LeaseBreak told = lease.CurrentBreak!;
            Assert.Equal(LayoutOperation.PunchHole, told.Operation);
            Assert.Equal(new FileRange(10, 5), told.Range);
            Assert.Equal("Ann", told.Breaker);
            Assert.Equal(start, told.StartedAt);
            Assert.Equal(start + BreakTime, told.Deadline);
        }

        Assert.False(breaker.IsCompleted);
    }

    [Fact]
    public async Task The_holder_is_told_once_by_callback_token_and_wait()
    {
        List<LeaseBreak> calls = [];
        TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int cancellations = 0;
        using ILayoutLease lease = Hold(onBreak: told =>
        {
            calls.Add(told);
            called.SetResult();
        });
        lease.Breaking.Register(() =>
        {
            cancellations++;
            cancelled.SetResult();
        });
        Task<LeaseBreak?> wait = lease.WaitForBreakAsync();

        _ = StartBreak();
        _ = StartBreak();
        await Task.WhenAll(called.Task, cancelled.Task, wait).Within();
        lease.Dispose();

        Assert.Single(calls);
        Assert.Equal(1, cancellations);
        Assert.Same(lease.CurrentBreak, await wait);
        Assert.Same(lease.CurrentBreak, calls[0]);
    }

    [Fact]
    public async Task Who_asks_for_the_break_after_it_began_is_told_at_once()
    {
        using ILayoutLease lease = Hold();
        _ = StartBreak();

        Soon.Until(() => lease.Breaking.IsCancellationRequested, "the token is cancelled");
        Assert.NotNull(await lease.WaitForBreakAsync().Within());
    }

    [Fact]
    public async Task Releasing_without_a_break_cancels_nothing_and_ends_waits_with_null()
    {
        ILayoutLease lease = Hold();
        CancellationToken breaking = lease.Breaking;
        Task<LeaseBreak?> wait = lease.WaitForBreakAsync();

        lease.Dispose();

        Assert.Null(await wait.Within());
        Assert.Null(await lease.WaitForBreakAsync().Within());
        Assert.False(breaking.IsCancellationRequested);
        Assert.Equal(LeaseState.Released, lease.State);
    }

    [Fact]
    public async Task When_the_holder_releases_in_time_the_breaker_goes_on_at_that_moment()
    {
        ILayoutLease lease = Hold(revoke: _ => Assert.Fail("revoked though released"));
        Task<ILayoutRight> breaker = StartBreak();

        lease.Dispose(); // the clock has not moved

        using ILayoutRight right = await breaker.Within();
        Assert.Equal(LeaseState.Released, lease.State);
    }

    [Fact]
    public async Task When_the_deadline_passes_the_holder_is_revoked_and_then_the_breaker_goes_on()
    {
        Task<ILayoutRight>? breaker = null;
        bool? breakerWasDoneDuringRevoke = null;
        LeaseState? stateDuringRevoke = null;
        ILayoutLease? lease = null;
        lease = Hold(revoke: _ =>
        {
            breakerWasDoneDuringRevoke = breaker!.IsCompleted;
            stateDuringRevoke = lease!.State;
        });
        breaker = StartBreak();

        Clock.Advance(BreakTime);

        using ILayoutRight right = await breaker.Within();
        Assert.False(breakerWasDoneDuringRevoke);
        Assert.Equal(LeaseState.Breaking, stateDuringRevoke);
        Assert.Equal(LeaseState.Revoked, lease.State);
    }

    [Fact]
    public void Before_the_deadline_nobody_is_revoked()
    {
        bool revoked = false;
        using ILayoutLease lease = Hold(revoke: _ => revoked = true);
        Task<ILayoutRight> breaker = StartBreak();
        AssertATimerStandsForTheDeadlineOf(lease);

        Clock.Advance(BreakTime - TimeSpan.FromTicks(1));
        _ = StartBreak();
        AssertATimerStandsForTheDeadlineOf(lease);

        Assert.False(revoked);
        Assert.Equal(LeaseState.Breaking, lease.State);
        Assert.False(breaker.IsCompleted);
    }

    [Fact]
    public async Task A_second_breaker_joins_the_break_and_its_deadline_and_runs_after_the_first()
    {
        using ILayoutLease lease = Hold();
        Task<ILayoutRight> first = StartBreak(Breaker(name: "first"));
        Clock.Advance(TimeSpan.FromSeconds(30));
        Task<ILayoutRight> second = StartBreak(Breaker(name: "second"));
        Assert.Equal("first", lease.CurrentBreak!.Breaker);

        Clock.Advance(TimeSpan.FromSeconds(15));

        ILayoutRight right = await first.Within();
        Assert.False(second.IsCompleted);
        right.Dispose();
        using ILayoutRight next = await second.Within();
    }

    [Fact]
    public void A_breaker_that_does_not_wait_gets_EWOULDBLOCK_and_the_break_goes_on()
    {
        ILayoutLease lease = Hold();
        BreakOptions nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

        LeaseConflictException refused = Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(options: nonBlocking)));

        Assert.Equal(LeaseConflict.WouldBlock, refused.Conflict);
        Assert.Equal(11, refused.HResult);
        Assert.EndsWith("; wait (WhenUnavailable.Wait), or try again (EWOULDBLOCK)", refused.Message, StringComparison.Ordinal);
        Assert.Same(lease.CurrentBreak, refused.Break);
        Assert.Equal(LeaseState.Breaking, lease.State);
        Clock.Advance(BreakTime);
        Soon.Until(() => lease.State == LeaseState.Revoked, "the lease is revoked though its breaker did not wait");
        Coordinator.Break(Breaker(options: nonBlocking)).Dispose();
    }

    [Fact]
    public async Task A_breaker_that_is_cancelled_stops_waiting_and_the_break_goes_on()
    {
        ILayoutLease lease = Hold();
        using CancellationTokenSource impatience = new();
        Task<ILayoutRight> breaker = StartBreak(cancellationToken: impatience.Token);

        impatience.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => breaker.Within());
        Assert.Equal(LeaseState.Breaking, lease.State);
        Clock.Advance(BreakTime);
        Soon.Until(() => lease.State == LeaseState.Revoked, "the lease is revoked though its breaker gave up");
        Assert.Equal(0, Coordinator.FileCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_breaker_with_a_timeout_of_its_own_stops_waiting_and_the_break_goes_on(bool async)
    {
        using ILayoutLease lease = Hold();
        BreakRequest request = Breaker(options: new BreakOptions { Timeout = TimeSpan.FromSeconds(5) });
        Task<ILayoutRight> breaker = async
            ? StartBreak(request)
            : Task.Factory.StartNew(() => Coordinator.Break(request), TaskCreationOptions.LongRunning);
        await lease.WaitForBreakAsync().Within();

        while (!breaker.IsCompleted && lease.State == LeaseState.Breaking
            && Clock.GetUtcNow() < lease.CurrentBreak!.Deadline - TimeSpan.FromSeconds(1))
        {
            // The breaker may set its timer only after the clock was moved: in small steps it is found anyway.
            Clock.Advance(TimeSpan.FromMilliseconds(1));
            Thread.Yield();
        }

        await Assert.ThrowsAsync<TimeoutException>(() => breaker.Within());
        Assert.Equal(LeaseState.Breaking, lease.State);
    }

    [Fact]
    public void With_break_time_0_the_holder_has_for_ever()
    {
        Coordinator.Services.LeaseBreakTime = TimeSpan.Zero;
        using ILayoutLease lease = Hold();
        Task<ILayoutRight> breaker = StartBreak();

        Clock.Advance(TimeSpan.FromDays(365));

        Assert.Null(lease.CurrentBreak!.Deadline);
        Assert.Equal(LeaseState.Breaking, lease.State);
        Assert.False(breaker.IsCompleted);
    }

    [Fact]
    public async Task Breakers_of_ranges_that_do_not_touch_do_not_wait_for_each_other()
    {
        using ILayoutRight right = await StartBreak(Breaker(range: new FileRange(0, 10))).Within();

        using ILayoutRight other = await StartBreak(Breaker(range: new FileRange(10, 10))).Within();
    }

    [Fact]
    public void A_lease_on_a_range_is_not_broken_by_operations_that_do_not_touch_it()
    {
        using ILayoutLease lease = Hold(range: new FileRange(100, 10));

        Coordinator.Break(Breaker(range: new FileRange(0, 100))).Dispose();
        Coordinator.Break(Breaker(range: FileRange.From(110))).Dispose();
        Coordinator.Break(Breaker(range: new FileRange(105, 0))).Dispose();

        Assert.Equal(LeaseState.Active, lease.State);
    }

    [Fact]
    public async Task Files_do_not_know_of_each_other()
    {
        using ILayoutLease lease = Hold();

        using ILayoutRight right = await StartBreak(Breaker() with { File = new FileId(9, 9, 9) }).Within();

        Assert.Equal(LeaseState.Active, lease.State);
    }

    [Fact]
    public async Task When_a_holder_cannot_be_invalidated_the_breaker_is_told_and_a_later_one_tries_again()
    {
        int attempts = 0;
        using ILayoutLease lease = Hold(revoke: _ =>
        {
            if (++attempts == 1)
            {
                throw new IOException("no memory for other pages");
            }
        });
        Task<ILayoutRight> first = StartBreak();

        Clock.Advance(BreakTime);

        LeaseConflictException told = await Assert.ThrowsAsync<LeaseConflictException>(() => first.Within());
        Assert.Equal(LeaseConflict.RevocationFailed, told.Conflict);
        Assert.Equal("no memory for other pages", told.InnerException!.Message);
        Assert.Equal(LeaseState.Breaking, lease.State);
        Assert.Throws<LeaseConflictException>(() => Hold());

        using ILayoutRight right = await StartBreak().Within();
        Assert.Equal(LeaseState.Revoked, lease.State);
    }

    [Fact]
    public void A_file_without_leases_and_breakers_takes_no_memory()
    {
        ILayoutLease lease = Hold();
        Assert.Equal(1, Coordinator.FileCount);
        lease.Dispose();
        Assert.Equal(0, Coordinator.FileCount);

        Coordinator.Break(Breaker()).Dispose();
        Assert.Throws<LeaseConflictException>(() =>
        {
            using ILayoutLease held = Hold();
            Coordinator.Break(Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        });
        Assert.Equal(0, Coordinator.FileCount);
    }

    [Fact]
    public async Task Of_many_leases_whose_revocation_blocks_only_eight_are_revoked_at_a_time_and_in_the_end_all()
    {
        int inside = 0;
        using ManualResetEventSlim let = new();
        ILayoutLease[] leases = [.. Enumerable.Range(0, 32).Select(_ => Hold(revoke: _ =>
        {
            Interlocked.Increment(ref inside);
            let.Wait();
        }))];
        Task<ILayoutRight> breaker = StartBreak();

        Clock.Advance(BreakTime);

        Soon.Until(() => Volatile.Read(ref inside) == 8, "eight are being revoked");
        Assert.False(
            SpinWait.SpinUntil(() => Volatile.Read(ref inside) > 8, TimeSpan.FromMilliseconds(300)), "more than eight are being revoked");
        let.Set();
        (await breaker.Within()).Dispose();
        Assert.All(leases, lease => Assert.Equal(LeaseState.Revoked, lease.State));
    }

    [Fact]
    public void Settings_outside_their_range_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromTicks(-1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromDays(30) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new BreakOptions { Timeout = TimeSpan.FromSeconds(-5) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileRange(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new FileRange(1, long.MaxValue));
        Assert.Throws<ArgumentNullException>(() => new LeaseCoordinator(null!));
        Assert.Throws<ArgumentNullException>(() => Coordinator.Acquire(null!));
        Assert.Throws<ArgumentNullException>(() => Coordinator.Break(null!));
    }
}
