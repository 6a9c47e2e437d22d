using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Leases;
using DirectMap.Tests.Infrastructure;
using DirectMap.Threading;

namespace DirectMap.Tests.Inodes;

/// <summary>Parties clear an operation before it runs, and hear of its end: invariants 2, 4, 5 and 6 of the arbiter.</summary>
public sealed class ClearTests : ArbiterTest
{
    [Fact]
    public void A_right_that_two_threads_dispose_goes_to_others_when_the_party_has_heard_of_the_end()
    {
        FileArbiter arbiter = ArbiterWith("a");
        ILayoutRight right = arbiter.Break(Breaker());
        using ManualResetEventSlim inEnd = new();
        using ManualResetEventSlim go = new();
        Party.Ending = () =>
        {
            inEnd.Set();
            go.Wait();
        };
        Thread one = new(right.Dispose);
        one.Start();
        Assert.True(inEnd.Wait(Soon.Patience));

        right.Dispose();

        Assert.Single(Coordinator.Snapshot(TheFile).Breakers); // Nobody else gets it.
        go.Set();
        Assert.True(one.Join(Soon.Patience));
        Assert.Empty(Coordinator.Snapshot(TheFile).Breakers);
    }

    /// <summary>Whoever holds them leaves them to the collector then, which says who has forgotten them.</summary>
    [Fact]
    public void What_ends_by_itself_within_ends_by_itself()
    {
        FileArbiter arbiter = ArbiterWith("a");
        using ILayoutLease lease = arbiter.Acquire(Lease());
        using (ILayoutRight right = arbiter.Break(Breaker(range: new FileRange(0, 0))))
        {
            Assert.True(Tether.EndsByItself(lease));
            Assert.True(Tether.EndsByItself(right));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_a_party_refuses_those_before_it_hear_of_the_end_before_others_get_the_right(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        Parties[1].Clearing = static (_, _) => throw new InvalidTimeZoneException("no");
        int breakers = 0;
        Parties[0].Ending = () => breakers = Coordinator.Snapshot(TheFile).Breakers.Count;

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Break(arbiter, isAsync, Breaker()));

        Assert.Equal(1, breakers);
        Assert.Empty(Coordinator.Snapshot(TheFile).Breakers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parties_clear_in_order_and_hear_of_the_end_in_reverse_before_others_get_the_right(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        List<int> running = [];
        void Look() => running.Add(Coordinator.Snapshot(TheFile).Breakers.Count(static breaker => breaker.IsRunning));
        foreach (TestParty party in Parties)
        {
            party.Clearing = (_, _) =>
            {
                Look();
                return default;
            };
            party.Ending = Look;
        }

        ILayoutRight right = await Break(arbiter, isAsync, Breaker(range: new FileRange(0, 4096)));
        AssertLog("a.clear", "b.clear");
        Assert.Equal(new FileRange(0, 4096), right.Range);

        if (isAsync)
        {
            await right.DisposeAsync();
        }

        right.Dispose();

        AssertLog("b.end", "a.end");
        Assert.Equal([1, 1, 1, 1], running);
        Assert.Equal(0, Coordinator.FileCount);
        AssertAllIsGivenBack();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_party_that_throws_refuses_the_operation_and_those_before_it_hear_of_the_end(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b", "c");
        Parties[1].Clearing = static (_, _) => throw new InvalidTimeZoneException("no");

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Break(arbiter, isAsync, Breaker()));

        AssertLog("a.clear", "a.end");
        Assert.Equal(0, Coordinator.FileCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_operation_that_the_coordinator_refuses_is_cleared_by_nobody(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a");
        using ILayoutLease lease = Hold();
        BreakOptions nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

        await Assert.ThrowsAsync<LeaseConflictException>(() => Break(arbiter, isAsync, Breaker(options: nonBlocking)));

        Assert.Empty(Log);
    }

    [Fact]
    public void A_right_that_is_forgotten_tells_the_parties()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        Forget(arbiter);

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return Party.Running == 0 && Coordinator.FileCount == 0;
            },
            "the right is given back");

        AssertLog("a.clear", "b.clear", "b.end", "a.end");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Time_in_the_coordinator_and_in_a_party_counts_against_the_timeout(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        List<TimeSpan> left = [];
        foreach (TestParty party in Parties)
        {
            party.Clearing = (request, _) =>
            {
                left.Add(request.Options.Timeout);
                Clock.Advance(TimeSpan.FromSeconds(3));
                return default;
            };
        }

        ILayoutLease lease = Hold();
        Task<ILayoutRight> breaking = Task.Run(
            () => Break(arbiter, isAsync, Breaker(options: new BreakOptions { Timeout = TimeSpan.FromSeconds(10) })));
        Soon.Until(() => lease.State == LeaseState.Breaking, "the break has begun");
        Clock.Advance(TimeSpan.FromSeconds(2));
        lease.Dispose();
        (await breaking.Within()).Dispose();

        Assert.Equal([TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(5)], left);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task How_the_caller_waits_is_given_to_each_party(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        List<object> seen = [];
        foreach (TestParty party in Parties)
        {
            party.Joining = (request, _) =>
            {
                seen.Add(request.WhenUnavailable);
                return default;
            };
            party.Clearing = (request, _) =>
            {
                seen.Add(request.Options.WhenUnavailable == WhenUnavailable.Refuse);
                return default;
            };
        }

        (await Acquire(arbiter, isAsync, Lease(whenBreaking: WhenUnavailable.Wait))).Dispose();
        (await Break(arbiter, isAsync, Breaker(options: new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }))).Dispose();

        Assert.Equal([WhenUnavailable.Wait, WhenUnavailable.Wait, true, true], seen);
    }

    [Fact]
    public async Task A_breaker_that_is_cancelled_in_a_party_gives_everything_back()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        using CancellationTokenSource source = new();
        Parties[1].Clearing = static async (_, token) => await Task.Delay(Timeout.Infinite, token);
        Task<ILayoutRight> breaking = arbiter.BreakAsync(Breaker(), source.Token).AsTask();

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => breaking);
        AssertLog("a.clear", "a.end");
        Assert.Equal(0, Coordinator.FileCount);
    }

    /// <summary>Two who wait in each other's party would need the lock that neither of them has.</summary>
    [Fact]
    public void No_lock_is_held_while_a_party_is_asked()
    {
        FileArbiter arbiter = ArbiterWith("a");
        using Barrier meet = new(2);
        void Meet() => Assert.True(meet.SignalAndWait(Soon.Patience));
        Party.Joining = (_, _) =>
        {
            Meet();
            return default;
        };
        Party.Clearing = (_, _) =>
        {
            Meet();
            return default;
        };
        Party.Leaving = Party.Ending = Meet;
        Thread joining = new(() => arbiter.Acquire(Lease(range: new FileRange(4096, 4096))).Dispose());
        joining.Start();

        arbiter.Break(Breaker(range: new FileRange(0, 4096))).Dispose();

        Assert.True(joining.Join(Soon.Patience));
        AssertAllIsGivenBack();
    }

    [Fact]
    public async Task What_a_party_breaks_leases_for_is_cleared_by_nobody_and_holds_off_new_leases()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        ILayoutLease lease = arbiter.Acquire(Lease());
        Log.Clear();
        BreakRequest request = Breaker(name: "pid 4711 (cp)");

        Task<ILayoutRight> breaking = Party.Seat.BreakAsync(request, CancellationToken.None).AsTask();

        Assert.Equal("pid 4711 (cp)", lease.CurrentBreak!.Breaker);
        lease.Dispose();
        using (await breaking.Within())
        {
            Assert.Throws<LeaseConflictException>(() => arbiter.Acquire(Lease()));
        }

        Party.Seat.Break(request).Dispose();
        Assert.Equal(0, Party.Clears + Parties[1].Clears - 2); // one each, of the right that had the parties made
    }

    [Fact]
    public void Without_a_party_what_the_coordinator_gives_is_what_the_caller_gets()
    {
        FileArbiter arbiter = new(TheFile, Coordinator, null);
        LeaseRequest request = Lease();
        BreakRequest breaker = Breaker();
        arbiter.Acquire(request).Dispose();
        arbiter.Break(breaker).Dispose();
        long Allocated(Action action)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        using (ILayoutLease lease = arbiter.Acquire(request))
        {
            Assert.IsType<LayoutLease>(lease);
        }

        using (ILayoutRight right = arbiter.Break(breaker))
        {
            Assert.IsType<LayoutRight>(right);
        }

        long direct = Enumerable.Range(0, 5).Min(_ => Allocated(() => Coordinator.Acquire(request).Dispose()));
        Assert.Equal(direct, Enumerable.Range(0, 5).Min(_ => Allocated(() => arbiter.Acquire(request).Dispose())));
        direct = Enumerable.Range(0, 5).Min(_ => Allocated(() => Coordinator.Break(breaker).Dispose()));
        Assert.Equal(direct, Enumerable.Range(0, 5).Min(_ => Allocated(() => arbiter.Break(breaker).Dispose())));
    }

    [Fact]
    public void Parties_are_let_go_in_reverse_when_the_inode_is_closed_and_asked_no_more()
    {
        FileArbiter arbiter = ArbiterWith("a", "b");

        arbiter.Close();

        AssertLog("b.detach", "a.detach");
        arbiter.Break(Breaker()).Dispose();
        Assert.Empty(Log);
    }

    [Fact]
    public void Parties_that_nobody_has_asked_for_are_not_made()
    {
        List<TestParty> made = [];
        FileArbiter arbiter = new(TheFile, Coordinator, TestParty.Makers(made, Log, "a"));

        Assert.Equal(FileArbiter.Unwatched, arbiter.Protection);
        Assert.Empty(arbiter.LeasesInForce);
        arbiter.Close();

        Assert.Empty(made);
    }

    [Fact]
    public void A_maker_that_throws_refuses_and_is_asked_again()
    {
        bool fails = true;
        List<TestParty> made = [];
        PartyMaker maker = TestParty.Makers(made, Log, "a")[0];
        FileArbiter arbiter = new(TheFile, Coordinator, [seat => fails ? throw new IOException("no") : maker(seat)]);

        Assert.Throws<IOException>(() => arbiter.Acquire(Lease()));
        fails = false;
        arbiter.Acquire(Lease()).Dispose();

        AssertLog("a.join", "a.leave");
    }

    [Fact]
    public void A_party_that_is_attached_is_asked_behind_those_that_are_there()
    {
        List<TestParty> made = [];
        FileArbiter without = new(TheFile, Coordinator, null);
        FileArbiter with = ArbiterWith("a");
        foreach (FileArbiter arbiter in new[] { without, with })
        {
            arbiter.Attach(TestParty.Makers(made, Log, "x")[0]);
            arbiter.Attach(TestParty.Makers(made, Log, "y")[0]);
        }

        without.Acquire(Lease()).Dispose();
        AssertLog("x.join", "y.join", "y.leave", "x.leave");
        with.Acquire(Lease()).Dispose();
        AssertLog("a.join", "x.join", "y.join", "y.leave", "x.leave", "a.leave");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(FileArbiter arbiter) => _ = arbiter.Break(Breaker());
}
