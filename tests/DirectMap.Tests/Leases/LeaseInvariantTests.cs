using System.Diagnostics;
using DirectMap.Configuration;
using DirectMap.Layout;
using DirectMap.Leases;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Threading;

namespace DirectMap.Tests.Leases;

/// <summary>
/// The invariants of LeaseTable, by number, where no other test shows them already. Which tests fail when one is broken on purpose
/// (ModelTests and InterleavingTests see most of them, too): 1 BreakTests, here. 2 BreakTests, here; the exception: HeldRightTests. 3
/// BreakTests, here. 4 here, KernelCaseTests. 5 BreakTests, here. 6 BreakTests, here. 7 here. 8 ExclusiveTests. 9 OwnerRuleTests,
/// HeldRightTests, ExclusiveTests. 10 BreakTests, HeldRightTests, TetherTests. 11 BreakerCrowdTests,
/// HeldRightTests.
/// </summary>
public sealed class LeaseInvariantTests : CoordinatorTest
{
    [Fact] // 1, 2, 5, with real threads
    public void Under_many_threads_no_lease_is_in_force_and_no_other_breaker_runs_while_a_breaker_runs()
    {
        HoldersAndBreakers crowd = new();
        using CancellationTokenSource least = new(TimeSpan.FromSeconds(3));
        Thread[] threads =
        [
            .. Enumerable.Range(0, 3).Select(seed => new Thread(() => crowd.HoldToTheEnd(seed))),
            .. Enumerable.Range(0, 2).Select(_ => new Thread(crowd.BreakToTheEnd)),
        ];
        Array.ForEach(threads, thread => thread.Start());
        Soon.Until(() => least.IsCancellationRequested && crowd.Breaks > 50 && crowd.Leases > 50, "enough breaks and leases");
        crowd.End();
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon.Patience), "a thread hangs"));

        Assert.Empty(crowd.Violations.Distinct());
    }

    [Fact] // 3
    public void A_state_never_goes_back()
    {
        ILayoutLease released = Hold();
        released.Dispose();
        ILayoutLease revoked = Hold();
        _ = StartBreak();
        Clock.Advance(BreakTime);
        Soon.Until(() => revoked.State == LeaseState.Revoked, "the lease is revoked");

        revoked.Dispose();
        released.Dispose();

        Assert.Equal(LeaseState.Revoked, revoked.State);
        Assert.Equal(LeaseState.Released, released.State);
    }

    [Fact] // 4
    public void Later_breakers_do_not_move_the_deadline()
    {
        using ILayoutLease lease = Hold();
        _ = StartBreak();
        DateTimeOffset? deadline = lease.CurrentBreak!.Deadline;

        Clock.Advance(TimeSpan.FromSeconds(10));
        Coordinator.Services.LeaseBreakTime = TimeSpan.FromSeconds(1);
        _ = StartBreak();

        Assert.Equal(deadline, lease.CurrentBreak!.Deadline);
        AssertATimerStandsForTheDeadlineOf(lease);
        Clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(LeaseState.Breaking, lease.State);
        Clock.Advance(TimeSpan.FromSeconds(5));
        Soon.Until(() => lease.State == LeaseState.Revoked, "the lease is revoked at the deadline of its first breaker");
    }

    [Fact] // 4
    public void Deadlines_are_held_in_their_order_whatever_order_the_breaks_came_in()
    {
        TimeSpan[] times = [.. new[] { 30, 10, 50, 10, 20, 40 }.Select(seconds => TimeSpan.FromSeconds(seconds))];
        ILayoutLease[] leases = [.. times.Select((_, i) => Hold(range: new FileRange(i * 10, 10)))];
        for (int i = 0; i < times.Length; i++)
        {
            Coordinator.Services.LeaseBreakTime = times[i];
            _ = StartBreak(Breaker(range: new FileRange(i * 10, 10)));
        }

        Assert.Equal(times.Length, Coordinator.Deadlines.Count);
        leases[4].Dispose();
        Assert.Equal(times.Length - 1, Coordinator.Deadlines.Count);
        for (int seconds = 1; seconds <= 50; seconds++)
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            for (int i = 0; i < times.Length; i++)
            {
                LeaseState expected = i == 4 ? LeaseState.Released
                    : times[i].TotalSeconds <= seconds ? LeaseState.Revoked
                    : LeaseState.Breaking;
                int lease = i;
                Soon.Until(() => leases[lease].State == expected, $"lease {i} is {expected} after {seconds} s");
            }
        }

        Assert.Equal(0, Coordinator.Deadlines.Count);
    }

    [Fact] // 4
    public void On_the_system_clock_an_earlier_deadline_than_the_one_that_is_slept_for_is_held_too()
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = 2 * Soon.Patience });
        using ILayoutLease later = coordinator.Acquire(Lease(range: new FileRange(0, 10)));
        using ILayoutLease earlier = coordinator.Acquire(Lease(range: new FileRange(10, 10)));
        _ = coordinator.BreakAsync(Breaker(range: new FileRange(0, 10))).AsTask();
        Soon.Until(() => coordinator.Deadlines.IsAsleep, "the thread sleeps until the later deadline");
        coordinator.Services.LeaseBreakTime = TimeSpan.FromMilliseconds(20);
        Stopwatch watch = Stopwatch.StartNew();

        coordinator.Break(Breaker(range: new FileRange(10, 10))).Dispose();

        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(20), Soon.Patience);
        Assert.Equal(LeaseState.Breaking, later.State);
        later.Dispose();
        Assert.Equal(0, coordinator.Deadlines.Count);
    }

    [Fact] // 4
    public void On_the_system_clock_no_deadline_is_early()
    {
        for (int milliseconds = 1; milliseconds <= 30; milliseconds++)
        {
            LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(milliseconds) });
            using ILayoutLease lease = coordinator.Acquire(Lease());
            Stopwatch watch = Stopwatch.StartNew();

            coordinator.Break(Breaker()).Dispose();

            Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(milliseconds), $"{watch.Elapsed} for {milliseconds} ms");
        }
    }

    [Fact] // 6
    public async Task A_holder_that_blocks_in_its_revocation_holds_up_no_breaker_of_other_ranges_of_its_file()
    {
        using ManualResetEventSlim let = new();
        using ILayoutLease stuck = Hold(range: new FileRange(0, 10), revoke: _ => let.Wait());
        using ILayoutLease other = Hold(range: new FileRange(100, 10));
        Task<ILayoutRight> breaker = StartBreak(Breaker(range: new FileRange(0, 1)));
        Task<ILayoutRight> otherBreaker = StartBreak(Breaker(range: new FileRange(100, 1)));
        Clock.Advance(BreakTime);

        (await otherBreaker.Within()).Dispose();

        Assert.Equal(LeaseState.Breaking, stuck.State);
        Assert.False(breaker.IsCompleted);
        using ILayoutLease late = Hold(range: new FileRange(200, 10));
        Task<ILayoutRight> lateBreaker = StartBreak(Breaker(range: new FileRange(200, 1)));
        Clock.Advance(BreakTime);
        (await lateBreaker.Within()).Dispose();
        let.Set();
        (await breaker.Within()).Dispose();
    }

    [Fact] // 6
    public async Task A_holder_that_blocks_in_its_revocation_keeps_the_breaker_waiting_and_nobody_elses()
    {
        using ManualResetEventSlim let = new();
        using ManualResetEventSlim inside = new();
        using ILayoutLease stuck = Hold(revoke: _ =>
        {
            inside.Set();
            let.Wait();
        });
        FileId otherFile = new(5, 5, 5);
        using ILayoutLease other = Coordinator.Acquire(Lease() with { File = otherFile });
        Task<ILayoutRight> breaker = StartBreak();
        Task<ILayoutRight> otherBreaker = StartBreak(Breaker() with { File = otherFile });

        Clock.Advance(BreakTime);

        Assert.True(inside.Wait(Soon.Patience));
        (await otherBreaker.Within()).Dispose();
        Assert.False(breaker.IsCompleted);
        Assert.Equal(LeaseState.Breaking, stuck.State);
        let.Set();
        (await breaker.Within()).Dispose();
    }

    [Fact] // 7
    public async Task A_callback_that_throws_or_blocks_harms_nobody_but_itself()
    {
        using ManualResetEventSlim let = new();
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using ILayoutLease blocking = Hold(onBreak: _ => let.Wait());
        using ILayoutLease throwing = Hold(onBreak: _ => throw new InvalidOperationException("mine"));
        using ILayoutLease third = Hold(onBreak: _ => told.SetResult());
        throwing.Breaking.Register(() => throw new InvalidOperationException("mine too"));
        blocking.Breaking.Register(let.Wait);

        Task<ILayoutRight> breaker = StartBreak();
        await told.Task.Within();
        Clock.Advance(BreakTime);

        (await breaker.Within()).Dispose();
        Soon.Until(() => CallbackFailures.Count == 2, "both failures are reported");
        let.Set();
    }

    [Theory] // 5
    [InlineData(false)]
    [InlineData(true)]
    public void Who_comes_to_a_table_that_is_given_up_at_that_moment_is_not_overlooked(bool breaks)
    {
        Hold().Dispose(); // the table is there, and empty
        bool once = true;
        Coordinator.AtStep = (step, _) =>
        {
            if (step == LeaseStep.TableFound && once)
            {
                once = false;
                Coordinator.RetireEmptyTables();
            }
        };

        using IDisposable taken = breaks ? Coordinator.Break(Breaker()) : Hold();

        BreakOptions nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };
        Assert.Equal(
            LeaseConflict.WouldBlock,
            Assert.Throws<LeaseConflictException>(() => Coordinator.Break(Breaker(options: nonBlocking))).Conflict);
        Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => Hold()).Conflict);
    }

    [Fact]
    public void A_callback_may_release_its_own_lease()
    {
        ILayoutLease? lease = null;
        using ManualResetEventSlim ready = new();
        lease = Hold(onBreak: _ =>
        {
            ready.Wait();
            lease!.Dispose();
        });
        ready.Set();

        Coordinator.Break(Breaker()).Dispose();

        Assert.Equal(LeaseState.Released, lease.State);
    }

    [Fact]
    public void Ten_thousand_leases_on_a_thousand_files_are_broken_at_once_without_starving_the_pool()
    {
        ChildProcess.Result result = ChildProcess.Run(LeaseCases.BreakTenThousandLeases);

        Assert.True(result.ExitCode == 0, result.ToString());
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
    }

    [Fact]
    public void The_deadline_holds_on_the_system_clock_while_the_pool_is_starved()
    {
        ChildProcess.Result result = ChildProcess.Run(LeaseCases.BreakWhileThePoolIsStarved);

        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
