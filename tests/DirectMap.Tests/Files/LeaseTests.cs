using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Files;

/// <summary>Leases, ranges, rights and snapshots as the user of a file sees them.</summary>
public abstract class LeaseTests(FileBackingKind backing) : FileTest(backing)
{
    private static readonly BreakOptions s_nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

    private static LeaseConflict ConflictOf(Action action) => Assert.Throws<LeaseConflictException>(action).Conflict;

    [Fact]
    public void A_lease_without_a_mapping_freezes_the_layout()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using ILayoutLease frozen = file.AcquireLease();

        Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => other.Write([1], 0, s_nonBlocking)));

        Assert.Equal(LeaseState.Breaking, frozen.State);
        frozen.Dispose();
        other.Write([1], 0, s_nonBlocking);
    }

    [Fact]
    public void A_file_that_was_opened_for_reading_can_be_frozen_too()
    {
        using DirectFile file = Create();
        using DirectFile reader = DirectFile.Open(file.Path, Options with { Access = FileAccess.Read });
        using ILayoutLease frozen = reader.AcquireLease();

        Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => file.SetLength(1, s_nonBlocking)));
    }

    [Fact]
    public async Task A_lease_that_waits_is_had_when_the_breaker_has_finished()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        ILayoutRight right = other.BreakLayout(FileRange.Whole);

        Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => file.AcquireLease()));
        Task<ILayoutLease> waiting = file.AcquireLeaseAsync(new LeaseOptions { WhenUnavailable = WhenUnavailable.Wait }).AsTask();
        Assert.False(waiting.IsCompleted);
        right.Dispose();

        (await waiting.Within()).Dispose();
    }

    [Fact]
    public async Task A_lease_tells_of_its_break_in_all_ways()
    {
        TaskCompletionSource<LeaseBreak> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ILayoutLease? given = null;
        using DirectFile file = Create();
        using DirectFile other = Open();
        using ILayoutLease lease = file.AcquireLease(new LeaseOptions { OnBreak = (self, why) => { given = self; told.SetResult(why); } });
        CancellationToken breaking = lease.Breaking;

        Task write = other.WriteAsync(new byte[] { 1 }, 0).AsTask();

        Assert.Same(await told.Task.Within(), await lease.WaitForBreakAsync().Within());
        Assert.Same(lease, given);
        Soon.Until(() => breaking.IsCancellationRequested, "the token is cancelled");
        Assert.Contains(other.Path, lease.CurrentBreak!.Breaker, StringComparison.Ordinal);
        lease.Dispose();
        await write.Within();
    }

    [Fact]
    public async Task A_lease_lives_on_when_its_file_is_disposed_and_keeps_the_coordinator_of_the_inode()
    {
        string path;
        ILayoutLease lease;
        using (DirectFile file = Create())
        {
            path = file.Path;
            lease = file.AcquireLease();
        }

        Assert.Throws<InvalidOperationException>(() => DirectFile.Open(path)); // under the default coordinator
        ILayoutRight right;
        using (DirectFile other = Open())
        {
            Task<ILayoutRight> breaker = other.BreakLayoutAsync(FileRange.Whole).AsTask();
            Assert.Equal(LeaseState.Breaking, lease.State);
            lease.Dispose();
            right = await breaker.Within();
        }

        Assert.Throws<InvalidOperationException>(() => DirectFile.Open(path));
        right.Dispose();
        DirectFile.Open(path).Dispose();
    }

    [Fact]
    public void Under_a_coordinator_whose_leases_do_not_end_by_themselves_forgotten_ones_end_all_the_same()
    {
        Mock<ILayoutLease> lease = new();
        Mock<ILayoutRight> right = new();
        Mock<ILeaseCoordinator> coordinator = new();
        coordinator.Setup(c => c.Acquire(It.IsAny<LeaseRequest>())).Returns(lease.Object);
        coordinator.Setup(c => c.Break(It.IsAny<BreakRequest>())).Returns(right.Object);
        coordinator.Setup(c => c.Snapshot(It.IsAny<FileId>()))
            .Returns(new LeaseSnapshot { TakenAt = default, Leases = [], Breakers = [], Waiters = [] });
        File.WriteAllBytes(Folder.File("mine"), new byte[10]);
        using DirectFile file = DirectFile.Open(Folder.File("mine"), Options with { Coordinator = coordinator.Object });
        Assert.Empty(file.GetLeases());
        Assert.Throws<ArgumentOutOfRangeException>(() => file.AcquireLease(new LeaseOptions { Mode = (LeaseMode)9 }));

        Forget();
        ProcSelf.CollectGarbage();

        lease.Verify(l => l.Dispose(), Times.Once());
        right.Verify(r => r.Dispose(), Times.Once());

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        void Forget()
        {
            file.AcquireLease();
            file.BreakLayout(FileRange.Whole);
        }
    }

    [Fact]
    public void At_the_deadline_a_lease_lets_its_inode_go()
    {
        DirectFile file = Create();
        ILayoutLease lease = file.AcquireLease();
        DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.SetLength(1, s_nonBlocking));
        PassDeadline();
        Soon.Until(() => lease.State == LeaseState.Revoked, "the lease is revoked");
        other.SetLength(1);
        file.Dispose();
        other.Dispose();

        DirectFile.Open(file.Path).Dispose(); // nothing keeps the other coordinator
        GC.KeepAlive(lease);
    }

    [Fact]
    public void An_exclusive_lease_makes_operations_of_others_fail_with_ETXTBSY_and_the_owners_go_on()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using ILayoutLease exclusive = file.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });

        foreach (Action operation in new Action[]
        {
            () => other.Write([1], 0),
            () => other.Allocate(0, 4096),
            () => other.PunchHole(0, 4096),
            () => other.SetLength(1),
            () => other.BreakLayout(FileRange.Whole),
        })
        {
            LeaseConflictException refused = Assert.Throws<LeaseConflictException>(operation);
            Assert.Equal(LeaseConflict.ExclusivelyHeld, refused.Conflict);
            Assert.Equal(26, refused.HResult);
        }

        file.Write([1], 0);
        file.SetLength(128 << 10);
        using MappedRegion own = file.Map(
            MapOptions.DirectOrEmulated with { Range = new FileRange(0, PageSize), LeaseMode = LeaseMode.Exclusive });
        Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => other.Map(MapOptions.DirectOrEmulated)));
    }

    [Fact]
    public async Task A_region_can_be_exclusive_and_become_so_and_shared_again()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        MappedRegion second = other.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(LeaseMode.Shared, region.Lease?.Mode);
        Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(region.Lease!.Upgrade));
        Task upgrade = region.Lease!.UpgradeAsync().AsTask();
        second.Dispose();
        await upgrade.Within();

        Assert.Equal(LeaseMode.Exclusive, region.Lease?.Mode);
        Assert.Equal(LeaseConflict.ExclusivelyHeld, ConflictOf(() => other.Write([1], 0)));
        region.Lease!.Downgrade();
        Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => other.Write([1], 0, s_nonBlocking)));
        region.Dispose();
        Assert.Throws<ObjectDisposedException>(region.Lease!.Upgrade);
    }

    [Fact]
    public async Task A_right_holds_over_several_operations_also_of_other_libraries()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Task<ILayoutRight> breaker = other.BreakLayoutAsync(FileRange.Whole).AsTask();
        Assert.Equal(LayoutOperation.BreakLayout, region.Lease!.CurrentBreak!.Operation);
        region.Dispose();

        await using (ILayoutRight right = await breaker.Within())
        {
            Assert.Equal(FileRange.Whole, right.Range);
            other.SetLength(0);
            using (FileStream plain = new(other.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            {
                plain.Write([1, 2, 3]);
            }

            await other.WriteAsync(new byte[] { 4 }, 3);
            Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => file.Map(MapOptions.DirectOrEmulated)));
            Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => file.Write([9], 0, s_nonBlocking)));
        }

        Assert.Equal([1, 2, 3, 4], File.ReadAllBytes(file.Path));
        file.Write([9], 0, s_nonBlocking);
    }

    [Fact]
    public void GetLeases_says_who_holds_what_in_which_state_since_when()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        DateTimeOffset start = Clock.GetUtcNow();
        using MappedRegion region = file.Map(
            MapOptions.DirectOrEmulated with { Range = new FileRange(PageSize, PageSize), LeaseCoverage = LeaseCoverage.MappedRange });
        Clock.Advance(TimeSpan.FromSeconds(3));
        using ILayoutLease lease = other.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive, Range = new FileRange(0, 4096) });

        IReadOnlyList<LeaseInfo> leases = file.GetLeases();

        Assert.Equal(2, leases.Count);
        Assert.Contains("region", leases[0].Holder, StringComparison.Ordinal);
        Assert.Contains(file.Path, leases[0].Holder, StringComparison.Ordinal);
        Assert.Equal(
            (file.Id, LeaseState.Active, LeaseMode.Shared, start), (leases[0].File, leases[0].State, leases[0].Mode, leases[0].AcquiredAt));
        Assert.Equal(new FileRange(PageSize, PageSize), leases[0].Mapped);
        Assert.Equal(new FileRange(PageSize, PageSize), leases[0].Range);
        Assert.Contains(other.Path, leases[1].Holder, StringComparison.Ordinal);
        Assert.Equal(
            (LeaseMode.Exclusive, new FileRange(0, 4096), start + TimeSpan.FromSeconds(3)),
            (leases[1].Mode, leases[1].Range, leases[1].AcquiredAt));
        Assert.Throws<LeaseConflictException>(() => other.Write([1], PageSize, s_nonBlocking));
        Assert.Equal(LeaseState.Breaking, file.GetLeases()[0].State);
        Assert.Same(region.Lease!.CurrentBreak, file.GetLeases()[0].Break);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(file.GetLeases);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_truncation_that_was_to_grow_the_file_and_would_shrink_it_by_now_respects_the_owners_regions(bool async)
    {
        using DirectFile file = Create(length: PageSize);
        MappedRegion? region = null;
        bool once = true;
        Coordinator.AtStep = (step, _) =>
        {
            if (step == DirectMap.Leases.LeaseStep.TableFound && once)
            {
                once = false;
                file.Write(new byte[3 * PageSize], PageSize); // between the truncation's plan and its right
                region = file.Map(MapOptions.DirectOrEmulated);
            }
        };

        LeaseConflictException refused = async
            ? await Assert.ThrowsAsync<LeaseConflictException>(() => file.SetLengthAsync(2 * PageSize).AsTask())
            : Assert.Throws<LeaseConflictException>(() => file.SetLength(2 * PageSize));

        Assert.Equal(LeaseConflict.Busy, refused.Conflict);
        Assert.Equal(4 * PageSize, file.Length);
        region!.Dispose();
    }

    [Fact]
    public async Task A_breakers_own_timeout_holds_over_all_attempts_of_a_truncation()
    {
        using DirectFile file = Create(length: 8 * PageSize);
        using DirectFile other = Open();
        using ILayoutLease held = other.AcquireLease();
        BreakOptions options = new() { Timeout = TimeSpan.FromSeconds(10) };
        Task setLength = file.SetLengthAsync(16 * PageSize, options).AsTask();
        Clock.Advance(TimeSpan.FromSeconds(6));

        // Meanwhile the file has become shorter by other means, so that the truncation touches more than it has the right for.
        using (FileStream plain = new(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            plain.SetLength(PageSize);
        }

        ILayoutLease next = null!;
        Task<ILayoutLease> waiting = other.AcquireLeaseAsync(
            new LeaseOptions { WhenUnavailable = WhenUnavailable.Wait, Range = new FileRange(PageSize, 10) }).AsTask();
        held.Dispose();
        next = await waiting.Within();
        Soon.Until(
            () => Coordinator.Snapshot(file.Id).Breakers.Count == 1 && next.State == LeaseState.Breaking, "the truncation asks again");
        while (!setLength.IsCompleted && next.State == LeaseState.Breaking
            && Clock.GetUtcNow() < next.CurrentBreak!.Deadline - TimeSpan.FromSeconds(35))
        {
            Clock.Advance(TimeSpan.FromMilliseconds(10)); // it may set its timer only after the clock was moved
            Thread.Yield();
        }

        await Assert.ThrowsAsync<TimeoutException>(() => setLength.Within());
        Assert.Equal(PageSize, file.Length);
        next.Dispose();
    }
}
