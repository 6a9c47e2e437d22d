using DirectMap.Layout;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Clone, copy and dedupe are breakers on both files, since both files' next store moves a block.</summary>
public sealed class CloningTests(RealFileSystems fileSystems) : FileTest
{
    private const int Size = 64 << 10;

    private static readonly BreakOptions s_nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

    private static readonly Dictionary<string, (Action<DirectFile, DirectFile> Apply, LayoutOperation Operation)> s_operations = new()
    {
        ["clone"] = ((to, from) => to.CloneFrom(from, s_nonBlocking), LayoutOperation.CloneRange),
        ["clone range"] = ((to, from) => to.CloneFrom(from, 4096, 8192, 4096, s_nonBlocking), LayoutOperation.CloneRange),
        ["copy range"] = ((to, from) => to.CopyFrom(from, 4096, 8192, 4096, s_nonBlocking), LayoutOperation.CopyRange),
        ["dedupe"] = ((to, from) => to.DedupeFrom(from, 4096, 8192, 4096, s_nonBlocking), LayoutOperation.DedupeRange),
    };

    public static TheoryData<string> Operations => [.. s_operations.Keys];

    [Theory]
    [MemberData(nameof(Operations))]
    public void A_holder_on_either_file_is_asked(string operation)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        (Action<DirectFile, DirectFile> apply, LayoutOperation kind) = s_operations[operation];
        using DirectFile holderOfSource = DirectFile.Create(directory.File("source"), Size, Options);
        using DirectFile holderOfDestination = DirectFile.Create(directory.File("destination"), Size, Options);
        using DirectFile source = DirectFile.Open(directory.File("source"), Options);
        using DirectFile destination = DirectFile.Open(directory.File("destination"), Options);

        using (MappedRegion onSource = holderOfSource.Map(MapOptions.DirectOrEmulated))
        {
            Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => apply(destination, source)).Conflict);
            Assert.Equal(kind, onSource.Lease!.CurrentBreak?.Operation);
        }

        using (MappedRegion onDestination = holderOfDestination.Map(MapOptions.DirectOrEmulated))
        {
            Assert.Equal(LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => apply(destination, source)).Conflict);
            Assert.Equal(kind, onDestination.Lease!.CurrentBreak?.Operation);
        }

        apply(destination, source);
        Assert.Empty(Coordinator.Snapshot().Breakers);
        Assert.Contains(source.GetExtents(), extent => extent.Flags.HasFlag(ExtentFlags.Shared));
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public void What_the_owner_of_either_object_has_mapped_is_EBUSY_and_nothing_is_changed(string operation)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        Action<DirectFile, DirectFile> apply = s_operations[operation].Apply;
        using DirectFile source = DirectFile.Create(directory.File("source"), Size, Options);
        using DirectFile destination = DirectFile.Create(directory.File("destination"), Size, Options);

        using (source.Map(MapOptions.DirectOrEmulated))
        {
            Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => apply(destination, source)).Conflict);
        }

        using (destination.Map(MapOptions.DirectOrEmulated))
        {
            Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => apply(destination, source)).Conflict);
        }

        Assert.DoesNotContain(source.GetExtents(), extent => extent.Flags.HasFlag(ExtentFlags.Shared));
    }

    [Fact]
    public void Only_the_ranges_that_are_touched_matter_to_a_lease_on_a_range()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile holder = DirectFile.Create(directory.File("source"), 256 << 10, Options);
        using DirectFile source = DirectFile.Open(directory.File("source"), Options);
        using DirectFile destination = DirectFile.Create(directory.File("destination"), Size, Options);
        using MappedRegion region = holder.Map(
            MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4096), LeaseCoverage = LeaseCoverage.MappedRange });

        destination.CloneFrom(source, 128 << 10, 0, 8192, s_nonBlocking);

        Assert.Equal(RegionState.Active, region.State);
        Assert.Throws<LeaseConflictException>(() => destination.CloneFrom(source, 0, 0, 8192, s_nonBlocking));
    }

    [Fact]
    public void Where_a_copy_cannot_share_blocks_the_source_is_only_read()
    {
        using DirectFile holder = Create(Size, "source");
        using DirectFile source = DirectFile.Open(Folder.File("source"), Options with { Access = FileAccess.Read });
        using DirectFile destination = Create(Size, "destination");
        using MappedRegion region = holder.Map(MapOptions.DirectOrEmulated);
        using MappedRegion own = destination.Map(MapOptions.DirectOrEmulated);
        Requires.Have(
            "no-reflink", region.Facts.BlockMapStability == BlockMapStability.Stable, "the temp folder's file system may share blocks");
        region.Write(0, 42L);

        Assert.Equal(8, destination.CopyFrom(source, 0, 16, 8, s_nonBlocking));

        Assert.Equal(42, own.Read<long>(16));
        Assert.Equal(RegionState.Active, region.State);
    }

    [Fact]
    public void Within_one_file_both_ranges_are_the_operations_own_whatever_object_the_source_is()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile file = DirectFile.Create(directory.File(), Size, Options);
        using DirectFile same = DirectFile.Open(directory.File(), Options);
        file.Write([7], 4096);
        using ILayoutLease lease = file.AcquireLease();

        file.CloneFrom(same, 4096, 32768, 4096, s_nonBlocking);
        Assert.Equal(22, Assert.Throws<ArgumentException>(() => file.CloneFrom(same, 0, 4096, 8192, s_nonBlocking)).HResult);

        Assert.Equal(LeaseState.Active, lease.State);
        byte[] read = new byte[1];
        file.Read(read, 32768);
        Assert.Equal(7, read[0]);
    }

    [Fact]
    public async Task Operations_in_both_directions_between_two_files_do_not_wait_for_each_other()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile one = DirectFile.Create(directory.File("one"), Size, Options);
        using DirectFile two = DirectFile.Create(directory.File("two"), Size, Options);
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;

        Task[] all = [.. Enumerable.Range(0, 4).Select(i => Task.Run(
            async () =>
            {
                for (int round = 0; round < 200; round++)
                {
                    await (i % 2 == 0
                        ? one.CloneFromAsync(two, 0, 4096, 4096, cancellationToken: cancellationToken)
                        : two.CloneFromAsync(one, 4096, 0, 4096, cancellationToken: cancellationToken));
                }
            },
            cancellationToken))];

        await Task.WhenAll(all).WaitAsync(Soon.Patience, cancellationToken);
    }

    [Fact]
    public void A_disposed_source_is_reported_and_no_right_is_left_behind()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile destination = DirectFile.Create(directory.File("destination"), Size, Options);
        DirectFile source = DirectFile.Create(directory.File("source"), Size, Options);
        source.Dispose();

        Assert.Throws<ObjectDisposedException>(() => destination.CloneFrom(source));
        Assert.Throws<ArgumentNullException>(() => destination.CloneFrom(null!));
        Assert.Empty(Coordinator.Snapshot().Breakers);
    }

    [Fact]
    public void Files_under_two_coordinators_are_both_arbitrated()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        LeaseCoordinator another = new();
        using DirectFile holder = DirectFile.Create(directory.File("source"), Size, Options with { Coordinator = another });
        using DirectFile source = DirectFile.Open(directory.File("source"), Options with { Coordinator = another });
        using DirectFile destination = DirectFile.Create(directory.File("destination"), Size, Options);
        using ILayoutLease lease = holder.AcquireLease();

        Assert.Throws<LeaseConflictException>(() => destination.CloneFrom(source, s_nonBlocking));

        Assert.Equal(LeaseState.Breaking, lease.State);
        lease.Dispose();
        destination.CloneFrom(source, s_nonBlocking);
    }

    [Fact]
    public async Task Two_ranges_of_one_file_are_one_right_so_that_nobody_comes_in_between()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile file = DirectFile.Create(directory.File(), 256 << 10, Options);
        using DirectFile holder = DirectFile.Open(directory.File(), Options);
        using DirectFile other = DirectFile.Open(directory.File(), Options);
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        ILayoutLease lease = holder.AcquireLease(new LeaseOptions { Range = new FileRange(0, 4096) });

        Task clone = file.CloneFromAsync(file, 0, 128 << 10, 4096, cancellationToken: cancellationToken).AsTask();
        Task write = other.WriteAsync(new byte[200 << 10], 0, cancellationToken: cancellationToken).AsTask();
        lease.Dispose();

        await Task.WhenAll(clone, write).Within();
    }

    [Fact]
    public async Task Who_holds_the_right_to_one_file_and_clones_into_the_other_meets_nobody_who_waits_for_him_with_the_other_in_hand()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile a = DirectFile.Create(directory.File("a"), Size, Options);
        using DirectFile b = DirectFile.Create(directory.File("b"), Size, Options);
        using DirectFile a2 = DirectFile.Open(directory.File("a"), Options);
        using DirectFile b2 = DirectFile.Open(directory.File("b"), Options);
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        foreach ((DirectFile held, DirectFile to, DirectFile from, DirectFile otherTo, DirectFile otherFrom) in ((
            DirectFile, DirectFile, DirectFile, DirectFile, DirectFile)[])[(b, a, b, b2, a2), (a, a, b, b2, a2), (a, b, a, a2, b2)])
        {
            ILayoutRight right = held.BreakLayout(FileRange.Whole);
            Task others = otherTo.CloneFromAsync(otherFrom, cancellationToken: cancellationToken).AsTask();

            await to.CloneFromAsync(from, cancellationToken: cancellationToken).AsTask().Within();

            Assert.False(others.IsCompleted);
            right.Dispose();
            await others.Within();
        }
    }

    [Fact]
    public void Unsharing_moves_blocks_so_it_must_not_touch_what_its_owner_has_mapped()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile source = DirectFile.Create(directory.File("source"), Size, Options);
        using DirectFile clone = DirectFile.Create(directory.File("clone"), Size, Options);
        clone.CloneFrom(source);
        using MappedRegion region = clone.Map(MapOptions.DirectOrEmulated with { FaultPolicy = FaultPolicies.Permissive });

        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => clone.UnshareRange(0, Size)).Conflict);
    }

    [Fact]
    public async Task A_clone_has_its_turn_though_others_take_each_file_as_soon_as_it_is_let_go()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        LeaseCoordinator coordinator = new();
        DirectFileOptions options = new() { Coordinator = coordinator };
        using DirectFile one = DirectFile.Create(directory.File("one"), Size, options);
        using DirectFile two = DirectFile.Create(directory.File("two"), Size, options);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task[] others = [.. ((string[])["one", "two"]).Select(name => Task.Run(
            async () =>
            {
                using DirectFile own = DirectFile.Open(directory.File(name), options);
                while (!stop.IsCancellationRequested)
                {
                    // Lets go when asked, and has it again as soon as nobody else has the right to change the file.
                    using ILayoutLease lease = await own.AcquireLeaseAsync(
                        new LeaseOptions { WhenUnavailable = WhenUnavailable.Wait, OnBreak = (held, _) => held.Dispose() });
                    await Record.ExceptionAsync(() => lease.WaitForBreakAsync(stop.Token));
                }
            },
            CancellationToken.None))];
        Soon.Until(() => coordinator.Snapshot().Leases.Count == 2, "both files are leased");

        for (int i = 0; i < 5; i++)
        {
            await one.CloneFromAsync(two, 0, 4096, 4096, cancellationToken: stop.Token).AsTask().Within();
        }

        await stop.CancelAsync();
        await Task.WhenAll(others).Within();
    }

    [Fact]
    public void Within_one_file_a_holder_on_the_source_range_alone_is_asked_too()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile file = DirectFile.Create(directory.File(), 512 << 10, Options);
        using DirectFile holder = DirectFile.Open(directory.File(), Options);
        using ILayoutLease lease = holder.AcquireLease(new LeaseOptions { Range = new FileRange(256 << 10, 4096) });

        Assert.Throws<LeaseConflictException>(() => file.CloneFrom(file, 256 << 10, 0, 4096, s_nonBlocking));

        Assert.Equal(LeaseState.Breaking, lease.State);
    }
}
