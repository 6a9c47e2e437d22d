using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Leases;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Inodes;

/// <summary>Parties join before a lease is granted, and are left once, after it has ended: invariants 1, 3 and 4 of the arbiter.</summary>
public sealed class JoinTests : ArbiterTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parties_join_in_order_before_the_lease_and_are_left_in_reverse_after_it(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        int heldAtJoin = 0, heldAtLeave = 0;
        foreach (TestParty party in Parties)
        {
            party.Joining = (_, _) =>
            {
                heldAtJoin += Coordinator.Snapshot(TheFile).Leases.Count;
                return default;
            };
            party.Leaving = () => heldAtLeave += Coordinator.Snapshot(TheFile).Leases.Count;
        }

        ILayoutLease lease = await Acquire(arbiter, isAsync, Lease());

        AssertLog("a.join", "b.join");
        Assert.Equal(LeaseState.Active, lease.State);
        lease.Dispose();
        lease.Dispose();
        AssertLog("b.leave", "a.leave");
        Assert.Equal((0, 0), (heldAtJoin, heldAtLeave));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lease_that_the_coordinator_refuses_leaves_the_parties(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        using ILayoutRight right = Coordinator.Break(Breaker());

        await Assert.ThrowsAsync<LeaseConflictException>(() => Acquire(arbiter, isAsync, Lease()));

        AssertLog("a.join", "b.join", "b.leave", "a.leave");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_party_that_throws_refuses_the_lease_with_its_exception_and_those_before_it_are_left(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b", "c");
        Parties[1].Joining = (_, _) => throw new InvalidTimeZoneException("no");

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Acquire(arbiter, isAsync, Lease()));

        AssertLog("a.join", "a.leave");
        Assert.Equal(0, Coordinator.FileCount);
    }

    [Fact]
    public async Task A_request_that_is_cancelled_in_a_party_or_in_the_coordinator_leaves_the_parties()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        using CancellationTokenSource source = new();
        Parties[1].Joining = async (_, token) => await Task.Delay(Timeout.Infinite, token);
        Task<ILayoutLease> joining = arbiter.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait), source.Token).AsTask();

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => joining);
        AssertLog("a.join", "a.leave");

        Parties[1].Joining = static (_, _) => default;
        using CancellationTokenSource again = new();
        using ILayoutRight right = Coordinator.Break(Breaker());
        Task<ILayoutLease> waiting = arbiter.AcquireAsync(Lease(whenBreaking: WhenUnavailable.Wait), again.Token).AsTask();
        Assert.False(waiting.IsCompleted);

        await again.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        AssertLog("a.join", "b.join", "b.leave", "a.leave");
    }

    [Fact]
    public void A_request_that_is_interrupted_leaves_the_parties()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        using ILayoutRight right = Coordinator.Break(Breaker());
        Exception? thrown = null;
        Thread thread = new(() => thrown = Record.Exception(() => arbiter.Acquire(Lease(whenBreaking: WhenUnavailable.Wait))));
        thread.Start();
        Soon.Until(() => Coordinator.Snapshot(TheFile).Waiters.Count == 1, "the request waits");

        thread.Interrupt();

        Assert.True(thread.Join(Soon.Patience));
        Assert.IsType<ThreadInterruptedException>(thrown);
        AssertLog("a.join", "b.join", "b.leave", "a.leave");
    }

    [Fact]
    public void A_lease_that_is_revoked_leaves_the_parties_once_though_it_is_disposed_later()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        int revoked = 0;
        ILayoutLease lease = arbiter.Acquire(Lease(revoke: _ => Interlocked.Increment(ref revoked)));
        int revokedAtLeave = 0;
        Parties[1].Leaving = () => revokedAtLeave = Volatile.Read(ref revoked);
        Task<ILayoutRight> breaking = StartBreak();

        Clock.Advance(BreakTime);

        Soon.Until(() => breaking.IsCompletedSuccessfully, "the breaker has the right");
        AssertLog("a.join", "b.join", "b.leave", "a.leave");
        Assert.Equal((1, 1, LeaseState.Revoked), (revoked, revokedAtLeave, lease.State));
        lease.Dispose();
        Assert.Empty(Log);
    }

    [Fact]
    public async Task A_revocation_that_fails_leaves_the_parties_when_it_succeeds()
    {
        FileArbiter arbiter = ArbiterWith("a");
        bool fails = true;
        ILayoutLease lease = arbiter.Acquire(Lease(revoke: _ =>
        {
            if (fails)
            {
                throw new IOException("not now");
            }
        }));
        Task<ILayoutRight> first = StartBreak();
        Clock.Advance(BreakTime);
        await Assert.ThrowsAsync<LeaseConflictException>(() => first.Within());
        AssertLog("a.join");

        fails = false;
        using (await StartBreak().Within())
        {
            AssertLog("a.leave");
        }

        lease.Dispose();
        Assert.Empty(Log);
    }

    [Fact]
    public void A_lease_that_is_forgotten_leaves_the_parties()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        Forget(arbiter);

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Party.Members == 0;
            },
            "the parties are left");

        AssertLog("a.join", "b.join", "b.leave", "a.leave");
        Soon.Until(() => Coordinator.FileCount == 0, "the lease is gone");
    }

    /// <summary>Whoever is told of a break may hold the lease: what the coordinator keeps must not lead there.</summary>
    [Fact]
    public void A_callback_that_refers_to_its_lease_keeps_no_forgotten_one()
    {
        FileArbiter arbiter = ArbiterWith("a");
        WeakReference holder = ForgetWithCallback(arbiter);

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !holder.IsAlive && Party.Members == 0;
            },
            "the holder is collected");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_party_that_throws_when_it_is_left_is_reported_and_the_others_are_left(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        Parties[1].Leaving = static () => throw new InvalidTimeZoneException("against its promise");

        (await Acquire(arbiter, isAsync, Lease())).Dispose();

        AssertLog("a.join", "b.join", "b.leave", "a.leave");
        Assert.IsType<InvalidTimeZoneException>(Assert.Single(CallbackFailures));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Where_a_word_has_changed_between_join_and_grant_the_join_is_repeated(bool isAsync, bool afterGrant)
    {
        MovingCoordinator coordinator = new(Coordinator);
        FileArbiter arbiter = ArbiterOver(coordinator, "a", "b");
        Action move = Once(Parties[1].Seat.MoveEpoch);
        int told = 0, revoked = 0;
        coordinator.Before = afterGrant ? static () => { } : move;
        coordinator.After = afterGrant ? move : static () => { };

        using ILayoutLease lease = await Acquire(arbiter, isAsync, Lease(onBreak: _ => told++, revoke: _ => revoked++));

        AssertLog("a.join", "b.join", "b.leave", "a.leave", "a.join", "b.join");
        Assert.Single(Coordinator.Snapshot(TheFile).Leases);
        Assert.Equal((0, 0), (told, revoked));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_does_not_wait_is_refused_after_some_words_that_did_not_hold(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a");
        Party.Joining = (_, _) =>
        {
            Party.Seat.MoveEpoch();
            return default;
        };

        LeaseConflictException refusal = await Assert.ThrowsAsync<LeaseConflictException>(() => Acquire(arbiter, isAsync, Lease()));

        Assert.Equal(LeaseConflict.WouldBlock, refusal.Conflict);
        Assert.Equal(FileArbiter.MostAttempts, Party.Joins);
        AssertAllIsGivenBack();
        Assert.Equal(0, Coordinator.FileCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_waits_goes_on_until_a_word_holds(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a");
        Party.Joining = (_, _) =>
        {
            if (Party.Joins < 5 * FileArbiter.MostAttempts)
            {
                Party.Seat.MoveEpoch();
            }

            return default;
        };

        (await Acquire(arbiter, isAsync, Lease(whenBreaking: WhenUnavailable.Wait))).Dispose();

        Assert.Equal((5 * FileArbiter.MostAttempts) + 1, Party.Joins);
        AssertAllIsGivenBack();
    }

    /// <summary>What is known of the moment between the coordinator's grant and the arbiter's.</summary>
    [Fact]
    public void A_break_and_a_revocation_in_between_reach_only_the_lease_that_is_granted()
    {
        ArbiterWith("a");
        List<string> told = [];
        using SemaphoreSlim isTold = new(0);
        void OnBreak(LeaseBreak leaseBreak)
        {
            told.Add("break");
            isTold.Release();
        }

        using ILayoutLease held = Hold();
        _ = StartBreak();
        LeaseBreak leaseBreak = held.CurrentBreak!;
        foreach (bool isGranted in new[] { false, true })
        {
            LeaseAttempt attempt = new(_ => told.Add("revoke"), [Party.Seat], static failure => Assert.Fail(failure.Message));
            LeaseAttempt.Notice notice = new(attempt, OnBreak);
            attempt.Joined(Party.Join(Lease()));

            notice.Notify(leaseBreak);
            attempt.Revoke(leaseBreak);

            Assert.Empty(told);
            if (!isGranted)
            {
                attempt.GiveUp(null);
                notice.Notify(leaseBreak);
                attempt.Revoke(leaseBreak);
                Assert.Empty(told);
                Assert.Equal(0, Party.Members);
                continue;
            }

            attempt.Grant();
            Assert.Equal(["revoke"], told);
            notice.Granted(static failure => Assert.Fail(failure.Message));
            Assert.True(isTold.Wait(Soon.Patience));
            Assert.Equal(["revoke", "break"], told);
            AssertAllIsGivenBack();
        }
    }

    [Fact]
    public async Task Each_member_of_a_lease_is_passed_on()
    {
        FileArbiter arbiter = ArbiterWith("a");
        using ILayoutLease lease = arbiter.Acquire(Lease(range: new FileRange(0, 8192)));

        lease.Upgrade();
        Assert.Equal((LeaseMode.Exclusive, new FileRange(0, 8192)), (lease.Mode, lease.Range));
        lease.Downgrade();
        await lease.UpgradeAsync();
        lease.Downgrade();
        Assert.Equal(LeaseMode.Shared, lease.Mode);
        Task<LeaseBreak?> awaited = lease.WaitForBreakAsync();
        Assert.False(lease.Breaking.IsCancellationRequested);
        _ = StartBreak();
        Assert.NotNull(lease.CurrentBreak);
        Assert.Same(lease.CurrentBreak, await awaited.Within());
        Assert.True(lease.Breaking.IsCancellationRequested || lease.State == LeaseState.Breaking);
        Assert.Contains("Breaking Shared lease", lease.ToString(), StringComparison.Ordinal);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(FileArbiter arbiter) => _ = arbiter.Acquire(Lease(revoke: static _ => { }));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference ForgetWithCallback(FileArbiter arbiter)
    {
        ILayoutLease?[] holder = new ILayoutLease?[1];
        holder[0] = arbiter.Acquire(Lease(onBreak: _ => GC.KeepAlive(holder), revoke: static _ => { }));
        return new WeakReference(holder);
    }

    private static Action Once(Action action)
    {
        bool isDone = false;
        return () =>
        {
            if (!isDone)
            {
                isDone = true;
                action();
            }
        };
    }

    /// <summary>Something happens just before, or just after, a lease is in the coordinator's table.</summary>
    private sealed class MovingCoordinator(ILeaseCoordinator inner) : PassingCoordinator(inner)
    {
        internal Action Before { get; set; } = static () => { };

        internal Action After { get; set; } = static () => { };

        public override ILayoutLease Acquire(LeaseRequest request)
        {
            Before();
            ILayoutLease lease = base.Acquire(request);
            After();
            return lease;
        }

        public override ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default) =>
            new(Acquire(request));
    }
}
