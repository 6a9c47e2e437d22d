using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Inodes;

/// <summary>An upgrade goes through the throat as a new lease does: invariants 1, 3 and 4 of the arbiter.</summary>
public sealed class UpgradeTests : ArbiterTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Parties_join_for_the_exclusive_lease_before_it_is_one_and_are_left_with_the_lease(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        ILayoutLease lease = arbiter.Acquire(Lease());
        Log.Clear();
        List<(LeaseMode Asked, LeaseMode Is, WhenUnavailable When)> seen = [];
        Parties[1].Joining = (request, _) =>
        {
            seen.Add((request.Mode, lease.Mode, request.WhenUnavailable));
            return default;
        };

        await Upgrade(lease, isAsync);

        WhenUnavailable when = isAsync ? WhenUnavailable.Wait : WhenUnavailable.Refuse;
        Assert.Equal([(LeaseMode.Exclusive, LeaseMode.Shared, when)], seen);
        Assert.Equal(LeaseMode.Exclusive, lease.Mode);
        AssertLog("a.join", "b.join");
        await Upgrade(lease, isAsync);
        Assert.Empty(Log); // It is.
        lease.Dispose();
        AssertLog("b.leave", "a.leave", "b.leave", "a.leave");
        AssertAllIsGivenBack();
    }

    [Fact]
    public void A_downgrade_leaves_what_joined_for_more()
    {
        FileArbiter arbiter = ArbiterWith("a");
        ILayoutLease lease = arbiter.Acquire(Lease());
        lease.Upgrade();
        Assert.Equal(2, Party.Members);

        lease.Downgrade();

        Assert.Equal((1, LeaseMode.Shared), (Party.Members, lease.Mode));
        lease.Upgrade();
        lease.Dispose();
        AssertAllIsGivenBack();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_party_or_a_coordinator_that_refuses_leaves_the_lease_as_it_was(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a", "b");
        using ILayoutLease lease = arbiter.Acquire(Lease());
        Parties[1].Joining = (_, _) => throw new InvalidTimeZoneException("no");

        await Assert.ThrowsAsync<InvalidTimeZoneException>(() => Upgrade(lease, isAsync));

        Assert.Equal((LeaseMode.Shared, 1, 1), (lease.Mode, Parties[0].Members, Parties[1].Members));
        Parties[1].Joining = static (_, _) => default;
        using (arbiter.Acquire(Lease(owner: new object())))
        {
            using CancellationTokenSource source = new();
            Task upgrading = Upgrade(lease, isAsync, source.Token);
            await source.CancelAsync();
            Exception? refusal = await Record.ExceptionAsync(() => upgrading);
            Assert.True(isAsync ? refusal is OperationCanceledException : refusal is LeaseConflictException, $"{refusal}");
        }

        Assert.Equal((LeaseMode.Shared, 1, 1), (lease.Mode, Parties[0].Members, Parties[1].Members));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_a_word_has_changed_meanwhile_all_begins_anew(bool isAsync)
    {
        FileArbiter arbiter = ArbiterWith("a");
        using ILayoutLease lease = arbiter.Acquire(Lease());
        Log.Clear();
        int moves = 1;
        Party.Joining = (_, _) =>
        {
            Assert.Equal(LeaseMode.Shared, lease.Mode);
            if (moves-- > 0)
            {
                Party.Seat.MoveEpoch();
            }

            return default;
        };

        await Upgrade(lease, isAsync);

        AssertLog("a.join", "a.leave", "a.join");
        Assert.Equal(LeaseMode.Exclusive, lease.Mode);
    }

    [Fact]
    public void One_that_does_not_wait_is_refused_after_some_words_that_did_not_hold()
    {
        FileArbiter arbiter = ArbiterWith("a");
        using ILayoutLease lease = arbiter.Acquire(Lease());
        Party.Joining = (_, _) =>
        {
            Party.Seat.MoveEpoch();
            return default;
        };

        LeaseConflictException refusal = Assert.Throws<LeaseConflictException>(lease.Upgrade);

        Assert.Equal(LeaseConflict.WouldBlock, refusal.Conflict);
        Assert.Equal((1 + FileArbiter.MostAttempts, 1, LeaseMode.Shared), (Party.Joins, Party.Members, lease.Mode));
    }

    [Fact]
    public async Task Of_two_at_once_the_second_waits_for_the_first_or_is_refused()
    {
        FileArbiter arbiter = ArbiterWith("a");
        using ILayoutLease lease = arbiter.Acquire(Lease());
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Party.Joining = async (_, _) => await go.Task;
        Task first = lease.UpgradeAsync().AsTask();
        Task second = lease.UpgradeAsync().AsTask();

        Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(lease.Upgrade).Conflict);

        go.SetResult();
        await first.Within();
        await second.Within();
        Assert.Equal((LeaseMode.Exclusive, 3), (lease.Mode, Party.Joins + 1));
    }

    [Fact]
    public void A_lease_that_is_revoked_while_it_is_exclusive_leaves_all()
    {
        FileArbiter arbiter = ArbiterWith("a");
        WeakReference lease = Forget(arbiter);

        Soon.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !lease.IsAlive && Party.Members == 0;
            },
            "the parties are left");
        AssertAllIsGivenBack();
    }

    /// <summary>A coordinator may revoke a lease before it has returned it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lease_that_is_revoked_before_it_is_granted_in_vain_is_refused_and_leaves_the_parties(bool isAsync)
    {
        FileArbiter arbiter = ArbiterOver(new EarlyCoordinator(Coordinator), "a");

        await Assert.ThrowsAsync<InvalidTimeZoneException>(
            () => Acquire(arbiter, isAsync, Lease(revoke: static _ => throw new InvalidTimeZoneException("the user's"))));

        AssertAllIsGivenBack();
        Assert.Empty(Coordinator.Snapshot(TheFile).Leases);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Forget(FileArbiter arbiter)
    {
        ILayoutLease lease = arbiter.Acquire(Lease(revoke: static _ => { }));
        lease.Upgrade();
        return new WeakReference(lease);
    }

    private static async Task Upgrade(ILayoutLease lease, bool isAsync, CancellationToken cancellationToken = default)
    {
        if (isAsync)
        {
            await lease.UpgradeAsync(cancellationToken);
        }
        else
        {
            lease.Upgrade();
        }
    }

    private sealed class EarlyCoordinator(ILeaseCoordinator inner) : PassingCoordinator(inner)
    {
        public override ILayoutLease Acquire(LeaseRequest request)
        {
            ILayoutLease lease = base.Acquire(request);
            request.Revoke!(null);
            return lease;
        }

        public override ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default) =>
            new(Acquire(request));
    }
}
