using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Layout;

public sealed class PrepareTests(RealFileSystems fileSystems) : FileTest
{
    private const long Length = 96 << 20; // three pieces

    public static TheoryData<string> Preparable => [.. RealFileSystems.All.Except([RealFileSystems.Btrfs])];

    public static TheoryData<string> Reflinking => [RealFileSystems.Xfs, RealFileSystems.BtrfsNoCow];

    [Theory]
    [MemberData(nameof(Preparable))]
    public void Holes_and_unwritten_blocks_become_written_ones_with_their_content(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        string path = directory.File();
        MakeSparse(path, Length + 100);
        using DirectFile file = DirectFile.Open(path, Options);
        file.Allocate(1 << 20, 2 << 20);
        file.Write(Pattern(64 << 10), 40 << 20);
        file.Write(Pattern(100), (50 << 20) + 10);
        Assert.ThrowsAny<NotSupportedException>(() => file.Map(MapOptions.DirectOrEmulated));

        PrepareReport report = file.Prepare();

        Assert.Equal(new FileRange(0, Length + 100), report.Range);
        Assert.Equal(Length + 100, report.Allocated + report.Converted + report.AlreadyWritten);
        Assert.InRange(report.AlreadyWritten, 64 << 10, (64 << 10) + (2 * PageSize));
        Assert.Equal(fileSystem is RealFileSystems.Tmpfs or RealFileSystems.Overlay ? 0 : 2 << 20, report.Converted);
        Assert.All(file.GetExtents(), extent => Assert.Equal(ExtentFlags.None, extent.Flags & ~ExtentFlags.Merged));
        byte[] content = new byte[Length + 100];
        Assert.Equal(content.Length, file.Read(content, 0));
        Assert.Equal(Pattern(64 << 10), content[(40 << 20)..((40 << 20) + (64 << 10))]);
        Assert.Equal(Pattern(100), content[((50 << 20) + 10)..((50 << 20) + 110)]);
        Assert.Equal((64 << 10) + 100, content.Count(b => b != 0));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 1L);
        region.Persist();
        Assert.Equal(report.Range.Length, file.Prepare().AlreadyWritten);
    }

    [Theory]
    [MemberData(nameof(Reflinking))]
    public void Shared_blocks_become_the_files_own_and_the_other_file_keeps_its_content(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        byte[] content = Pattern(4 << 20);
        File.WriteAllBytes(directory.File("source"), content);
        using DirectFile source = DirectFile.Open(directory.File("source"), Options);
        MakeSparse(directory.File("clone"), 0);
        using DirectFile clone = DirectFile.Open(directory.File("clone"), Options);
        clone.CloneFrom(source);
        clone.Write(Pattern(4096), 1 << 20); // a middle part of its own
        Assert.Equal(RefusalReason.SharedExtent, Assert.Throws<MapRefusedException>(() => clone.Map(MapOptions.DirectOrEmulated)).Reason);

        PrepareReport report = clone.Prepare();

        Assert.Equal((4 << 20) - 4096, report.Unshared);
        Assert.All(clone.GetExtents(), extent => Assert.Equal(ExtentFlags.None, extent.Flags));
        Assert.All(source.GetExtents(), extent => Assert.Equal(ExtentFlags.None, extent.Flags));
        using MappedRegion region = clone.Map(MapOptions.DirectOrEmulated);
        using (RegionScope scope = region.OpenScope(0, 4 << 20))
        {
            scope.Span.Clear();
            scope.Complete();
        }

        region.Persist();
        Assert.Equal(content, File.ReadAllBytes(directory.File("source")));
    }

    [Fact]
    public void Inline_data_gets_blocks()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4Inline);
        File.WriteAllBytes(directory.File(), Pattern(50));
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        Assert.Equal(RefusalReason.InlineData, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated)).Reason);

        Assert.Equal(50, file.Prepare().Relocated);

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(Pattern(50)[49], region.Read<byte>(49));
    }

    [Fact]
    public void Btrfs_without_NOCOW_is_refused_with_what_to_do()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        MakeSparse(directory.File(), 1 << 20);
        using DirectFile file = DirectFile.Open(directory.File(), Options);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Prepare());

        Assert.Equal(RefusalReason.BlockMapMoves, refused.Reason);
        Assert.Contains("DirectFile.Create", refused.Message, StringComparison.Ordinal);
        Assert.Contains(file.GetExtents(), extent => extent.Flags == ExtentFlags.Hole);
    }

    [Theory]
    [MemberData(nameof(Preparable))]
    public void A_writer_that_hammers_the_file_meanwhile_loses_no_byte(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        const int Size = 66 << 20; // three pieces
        MakeSparse(directory.File(), Size);
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        file.Allocate(0, 6 << 20);
        using SafeFileHandle foreign = File.OpenHandle(directory.File(), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        byte[] expected = new byte[Size];
        bool isOver = false;
        int writes = 0;
        Thread hammer = new(() =>
        {
            Random random = new(1);
            do
            {
                int offset = random.Next(Size - 3000);
                byte[] data = new byte[random.Next(1, 3000)];
                random.NextBytes(data);
                RandomAccess.Write(foreign, data, offset);
                data.CopyTo(expected, offset);
                Interlocked.Increment(ref writes);
            }
            while (!Volatile.Read(ref isOver));
        });
        hammer.Start();
        AwaitWrites();

        file.Prepare(new PrepareOptions { Progress = new Told(_ => AwaitWrites()) }); // A starved thread would else write when all is over.

        Volatile.Write(ref isOver, true);
        hammer.Join();
        Assert.Equal(expected, File.ReadAllBytes(directory.File()));
        Assert.All(file.GetExtents(), extent => Assert.Equal(ExtentFlags.None, extent.Flags & ~ExtentFlags.Merged));

        void AwaitWrites()
        {
            int enough = Volatile.Read(ref writes) + 20;
            Soon.Until(() => Volatile.Read(ref writes) > enough, "the file is written to");
        }
    }

    [Fact]
    public void Progress_is_told_after_each_piece_and_cancellation_ends_it_between_two()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4);
        MakeSparse(directory.File(), Length);
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        using CancellationTokenSource cancel = new();
        List<PrepareProgress> told = [];
        PrepareOptions options = new()
        {
            Progress = new Told(progress =>
            {
                told.Add(progress);
                if (told.Count == 2)
                {
                    cancel.Cancel();
                }
            }),
        };

        Assert.ThrowsAny<OperationCanceledException>(() => file.Prepare(options, cancel.Token));

        Assert.Equal([new(32 << 20, Length), new(64 << 20, Length)], told);
        Assert.All(
            file.GetExtents(new FileRange(0, 64 << 20)),
            extent => Assert.True(extent.Flags == ExtentFlags.None || extent.Offset >= 64 << 20));
        Assert.Contains(file.GetExtents(), extent => extent.Flags == ExtentFlags.Hole);
        Assert.Empty(Coordinator.Snapshot(file.Id).Breakers);
        Assert.Equal(32 << 20, file.Prepare().Allocated);
    }

    [Fact]
    public async Task Holders_of_leases_are_asked_when_there_is_something_to_do_and_not_when_there_is_nothing()
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        using DirectFile file = Create();
        file.PunchHole(8 * PageSize, PageSize);
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, PageSize) });
        PrepareOptions first = new() { Range = new FileRange(0, 8 * PageSize), Break = new() { WhenUnavailable = WhenUnavailable.Refuse } };
        Assert.Equal(8 * PageSize, other.Prepare(first).AlreadyWritten);
        Assert.Equal(8 * PageSize, (await other.PrepareAsync(first, cancellationToken)).AlreadyWritten);
        Assert.Equal(RegionState.Active, region.State);

        Assert.Equal(
            LeaseConflict.WouldBlock,
            Assert.Throws<LeaseConflictException>(() => other.Prepare(new PrepareOptions { Break = first.Break })).Conflict);

        Assert.Equal(LayoutOperation.Prepare, region.Lease!.CurrentBreak?.Operation);
        Task<PrepareReport> waiting = other.PrepareAsync(cancellationToken: cancellationToken);
        Assert.False(waiting.IsCompleted);
        region.Dispose();
        Assert.Equal(PageSize, (await waiting).Allocated);
    }

    [Fact]
    public void The_owners_own_region_stays_and_sees_the_new_blocks()
    {
        using DirectFile file = Create();
        file.PunchHole(8 * PageSize, PageSize);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultPolicy = FaultPolicies.Permissive });
        region.Write(0, 42L);

        Assert.Equal(PageSize, file.Prepare().Allocated);

        region.Write(8 * PageSize, 43L);
        Assert.Equal(42, region.Read<long>(0));
    }

    [Fact]
    public void A_file_that_was_opened_for_reading_cannot_be_prepared()
    {
        using DirectFile file = Create();
        using DirectFile reader = DirectFile.Open(file.Path, Options with { Access = FileAccess.Read });

        Assert.Equal(9, Assert.Throws<UnauthorizedAccessException>(() => reader.Prepare()).HResult);
    }

    [Fact]
    public void A_truncation_meanwhile_is_an_error_and_not_a_signal()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4);
        MakeSparse(directory.File(), Length);
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        using FileStream foreign = new(directory.File(), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        PrepareOptions options = new() { Progress = new Told(_ => foreign.SetLength(PageSize)) };

        IOException failure = Assert.Throws<IOException>(() => file.Prepare(options));

        Assert.Equal(14, failure.HResult);
        Assert.Contains("truncated", failure.Message, StringComparison.Ordinal);
    }

    internal static void MakeSparse(string path, long length)
    {
        using FileStream stream = File.Create(path);
        stream.SetLength(length);
    }

    internal static byte[] Pattern(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((i % 251) + 1))];

    private sealed class Told(Action<PrepareProgress> action) : IProgress<PrepareProgress>
    {
        public void Report(PrepareProgress value) => action(value);
    }

    [Fact]
    public void An_operation_inside_the_progress_callback_would_wait_for_its_caller_and_is_EDEADLK()
    {
        using DirectFile file = Create();
        file.PunchHole(0, 16 * PageSize);
        LeaseConflictException? conflict = null;

        file.Prepare(
            new PrepareOptions { Progress = new Told(_ => conflict = Assert.Throws<LeaseConflictException>(() => file.Write([7], 3))) });

        Assert.Equal(LeaseConflict.Deadlock, conflict?.Conflict);
        file.Write([7], 3);
    }

    [Fact]
    public async Task Other_threads_wait_until_the_file_is_prepared()
    {
        using DirectFile file = Create();
        file.PunchHole(0, 16 * PageSize);
        using Barrier reached = new(2);
        Task<PrepareReport> preparing = file.PrepareAsync(
            new PrepareOptions
            {
                Range = new FileRange(0, 8 * PageSize),
                Progress = new Told(_ =>
                {
                    reached.SignalAndWait();
                    reached.SignalAndWait();
                }),
            },
            TestContext.Current.CancellationToken);
        reached.SignalAndWait(TestContext.Current.CancellationToken);

        Task write = file.WriteAsync(
            new byte[4 * PageSize], 6 * PageSize, cancellationToken: TestContext.Current.CancellationToken).AsTask();

        Assert.False(write.IsCompleted);
        reached.SignalAndWait(TestContext.Current.CancellationToken);
        Assert.Equal(8 * PageSize, (await preparing).Allocated);
        await write.Within();
    }

    [Fact]
    public void Where_there_is_nothing_to_do_nothing_is_done_though_somebody_changes_the_file_meanwhile()
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        ILayoutLease? frozen = null;
        PrepareOptions options = new()
        {
            Progress = new Told(_ =>
            {
                other.PunchHole(64 << 20, 1 << 20);
                frozen ??= other.AcquireLease(new LeaseOptions { Mode = LeaseMode.Exclusive });
            }),
        };

        PrepareReport report = file.Prepare(options);

        Assert.Equal(Length, report.AlreadyWritten);
        Assert.Equal(LeaseState.Active, frozen!.State);
        Assert.Contains(file.GetExtents(), extent => extent.Flags == ExtentFlags.Hole);
        frozen.Dispose();
    }

    [Fact]
    public async Task The_whole_file_is_what_it_is_when_the_holders_have_let_go()
    {
        using DirectFile holder = Create();
        using DirectFile other = Open();
        using DirectFile file = Open();
        holder.PunchHole(0, PageSize);
        ILayoutLease lease = holder.AcquireLease();
        Task longer = other.SetLengthAsync(128 << 10, cancellationToken: TestContext.Current.CancellationToken).AsTask();
        Task<PrepareReport> preparing = file.PrepareAsync(cancellationToken: TestContext.Current.CancellationToken);
        Soon.Until(() => Coordinator.Snapshot(file.Id).Breakers.Count == 2, "both wait");

        lease.Dispose();

        await longer;
        PrepareReport report = await preparing;
        Assert.Equal(new FileRange(0, 128 << 10), report.Range);
        file.Map(MapOptions.DirectOrEmulated).Dispose();
    }

    [Fact]
    public void On_btrfs_a_snapshot_that_is_gone_leaves_no_trace_and_to_rewrite_the_file_cures_it()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        string volume = directory.File("volume");
        Assert.Null(RealFileSystems.Run("btrfs", "subvolume", "create", volume));
        string path = Path.Combine(volume, "file");
        try
        {
            using DirectFile file = DirectFile.Create(path, 1 << 20, Options);
            Assert.Null(RealFileSystems.Run("btrfs", "subvolume", "snapshot", volume, directory.File("snapshot")));
            Assert.Equal(
                RefusalReason.SharedExtent, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated)).Reason);
            Assert.Null(RealFileSystems.Run("btrfs", "subvolume", "delete", "-c", directory.File("snapshot")));
            Assert.Null(RealFileSystems.Run("btrfs", "subvolume", "sync", volume));

            PrepareReport report = file.Prepare(new PrepareOptions { Rewrite = true });

            Assert.Equal(1 << 20, report.Converted + report.Unshared);
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            List<Extent> before = [.. file.GetExtents()];
            for (int offset = 0; offset < 1 << 20; offset += 20 * PageSize)
            {
                region.Write(offset, 1L);
                region.Persist();
            }

            Assert.Equal(before, file.GetExtents());
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("btrfs", "subvolume", "delete", volume));
        }
    }

    [Fact]
    public void A_truncation_meanwhile_leaves_no_blocks_behind_the_new_end()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4);
        MakeSparse(directory.File(), Length);
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        using FileStream foreign = new(directory.File(), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);

        Assert.Throws<IOException>(() => file.Prepare(new PrepareOptions { Progress = new Told(_ => foreign.SetLength(PageSize)) }));

        Assert.All(file.GetExtents(FileRange.From(PageSize)), extent => Assert.Equal(ExtentFlags.Hole, extent.Flags));
    }
}
