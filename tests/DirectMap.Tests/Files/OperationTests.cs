using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Files;

/// <summary>Operations on the file: which break leases, what they do, and what bad input does to them.</summary>
public abstract class OperationTests(FileBackingKind backing) : FileTest(backing)
{
    private static readonly BreakOptions s_nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

    public static TheoryData<string> BreakingOperations => [.. s_operations.Keys];

    private static readonly Dictionary<string, Action<DirectFile, BreakOptions?>> s_operations = new()
    {
        ["write"] = (file, options) => file.Write([1, 2, 3], 10, options),
        ["write beyond the end"] = (file, options) => file.Write([1, 2, 3], 1 << 20, options),
        ["gather write"] = (file, options) => file.Write([new byte[] { 1, 2 }, new byte[] { 3 }], 10, options),
        ["allocate and keep the size"] = (file, options) => Supported(() => file.Allocate(64 << 10, 4096, keepSize: true, options)),
        ["zero a range"] = (file, options) => Supported(() => file.ZeroRange(0, 4096, options)),
        ["zero a range and keep the size"] = (file, options) => Supported(() => file.ZeroRange(0, 4096, keepSize: true, options)),
        ["unshare a range"] = (file, options) => Supported(() => file.UnshareRange(0, 4096, options)),
        ["collapse a range"] = (file, options) => Supported(() => file.CollapseRange(0, 4096, options)),
        ["insert a range"] = (file, options) => Supported(() => file.InsertRange(0, 4096, options)),
        ["allocate within"] = (file, options) => file.Allocate(0, 4096, options),
        ["allocate beyond the end"] = (file, options) => file.Allocate(64 << 10, 4096, options),
        ["punch a hole"] = (file, options) => file.PunchHole(0, 4096, options),
        ["truncate down"] = (file, options) => file.SetLength(100, options),
        ["truncate up"] = (file, options) => file.SetLength(1 << 20, options),
        ["truncate to the same length"] = (file, options) => file.SetLength(64 << 10, options),
    };

    [Theory]
    [MemberData(nameof(BreakingOperations))]
    public async Task An_operation_of_another_owner_breaks_the_lease_waits_and_goes_on_when_the_holder_lets_go(string operation)
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Task running = Task.Factory.StartNew(() => s_operations[operation](other, null), TaskCreationOptions.LongRunning);

        LeaseBreak told = (await region.Lease!.WaitForBreakAsync().Within())!;

        Assert.Equal(RegionState.Breaking, region.State);
        Assert.Contains(other.Path, told.Breaker, StringComparison.Ordinal);
        Assert.False(running.IsCompleted);
        region.Write(0, 7L); // still fully usable
        region.Persist(0, 8);
        Assert.Equal(7L, region.Read<long>(0));
        region.Dispose();
        await running.Within();
    }

    [Theory]
    [MemberData(nameof(BreakingOperations))]
    public void An_operation_that_does_not_wait_changes_nothing_while_a_lease_is_held(string operation)
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        byte[] before = File.ReadAllBytes(file.Path);

        Assert.Equal(
            LeaseConflict.WouldBlock, Assert.Throws<LeaseConflictException>(() => s_operations[operation](other, s_nonBlocking)).Conflict);

        Assert.Equal(before, File.ReadAllBytes(file.Path));
    }

    public static TheoryData<string> TakingOperations =>
        ["punch a hole", "zero a range", "zero a range and keep the size", "collapse a range", "insert a range", "truncate down"];

    [Theory]
    [MemberData(nameof(TakingOperations))]
    public void What_would_take_blocks_from_the_owners_own_region_is_EBUSY_and_changes_nothing(string operation)
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        region.Write(0, 42L);

        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => s_operations[operation](file, null)).Conflict);

        Assert.Equal(42, region.Read<long>(0));
        Assert.Equal(64 << 10, file.Length);
    }

    [Fact]
    public async Task The_async_forms_wait_without_a_thread_and_do_the_same()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        foreach (Func<Task> operation in new Func<Task>[]
        {
            () => other.WriteAsync(new byte[] { 9 }, 0).AsTask(),
            () => other.AllocateAsync(0, 4096).AsTask(),
            () => other.PunchHoleAsync(0, 4096).AsTask(),
            () => other.SetLengthAsync(128 << 10).AsTask(),
        })
        {
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(2 * PageSize, PageSize) });
            Task running = operation();
            Assert.False(running.IsCompleted);
            Assert.Equal(RegionState.Breaking, region.State);
            region.Dispose();
            await running.Within();
        }

        Assert.Equal(128 << 10, file.Length);
    }

    [Fact]
    public void Reading_stating_mapping_renaming_linking_unlinking_and_chmod_have_no_effect_on_a_lease()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        other.Read(new byte[10], 0);
        other.Flush();
        _ = other.Length;
        using MappedRegion second = other.Map(MapOptions.DirectOrEmulated);
        second.Persist();
        File.SetUnixFileMode(file.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(Folder.File("link"), file.Path);
        File.Move(file.Path, Folder.File("renamed"));
        File.Delete(Folder.File("renamed"));

        Assert.Equal(RegionState.Active, region.State);
        Assert.Equal(RegionState.Active, second.State);
    }

    [Fact]
    public void The_owners_own_operations_do_not_break_its_own_lease()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 32 << 10) });

        file.Write([5], 100);
        file.Allocate(64 << 10, 4096);
        file.PunchHole(32 << 10, 4096);
        file.SetLength(32 << 10);
        file.SetLength(1 << 20);

        Assert.Equal(RegionState.Active, region.State);
        Assert.Equal(5, region.Read<byte>(100));
    }

    [Fact]
    public void The_owner_may_grow_a_file_whose_end_lies_within_a_mapped_page()
    {
        using DirectFile file = Create(1000);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        file.SetLength(8192);

        Assert.Equal(8192, file.Length);
        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => file.SetLength(999)).Conflict);
    }

    [Fact]
    public void The_owners_own_operation_that_would_take_blocks_from_its_region_is_EBUSY_and_changes_nothing()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 32 << 10) });
        region.Write(0, 77L);

        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => file.SetLength(4096)).Conflict);
        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => file.PunchHole(0, 1)).Conflict);

        Assert.Equal(64 << 10, file.Length);
        Assert.Equal(77L, region.Read<long>(0));
        Assert.Equal(RegionState.Active, region.State);
        region.Dispose();
        file.SetLength(4096);
    }

    [Fact]
    public void The_owner_whose_region_is_being_broken_gets_EDEADLK()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Throws<LeaseConflictException>(() => other.SetLength(0, s_nonBlocking));

        Assert.Equal(LeaseConflict.Deadlock, Assert.Throws<LeaseConflictException>(() => file.Write([1], 0)).Conflict);
    }

    [Fact]
    public void A_mocked_coordinator_decides_and_the_file_obeys()
    {
        Create().Dispose();
        Mock<ILeaseCoordinator> coordinator = new();
        coordinator.Setup(c => c.Break(It.IsAny<BreakRequest>())).Throws(new LeaseConflictException
        {
            Conflict = LeaseConflict.WouldBlock,
            Detail = "mocked"
        });
        coordinator.Setup(c => c.BreakAsync(It.IsAny<BreakRequest>(), It.IsAny<CancellationToken>()))
            .Throws(new LeaseConflictException { Conflict = LeaseConflict.WouldBlock, Detail = "mocked" });
        using DirectFile file = DirectFile.Open(Folder.File(), Options with { Coordinator = coordinator.Object });

        Assert.Throws<LeaseConflictException>(() => file.SetLength(0));
        Assert.Throws<LeaseConflictException>(() => file.Write([1], 0));

        Assert.Equal(64 << 10, file.Length);
        coordinator.Verify(
            c => c.Break(It.Is<BreakRequest>(r => r.Operation == LayoutOperation.SetLength && r.Range.Offset == 0 && r.TakesBlocksAway)),
            Times.Once);
        coordinator.Verify(
            c => c.Break(
                It.Is<BreakRequest>(r => r.Operation == LayoutOperation.Write && r.Range == new FileRange(0, 1) && !r.TakesBlocksAway)),
            Times.Once);
    }

    [Fact]
    public void The_operations_right_is_given_back_when_the_operation_fails()
    {
        Create().Dispose();
        Mock<ILayoutRight> right = new();
        Mock<ILeaseCoordinator> coordinator = new();
        coordinator.Setup(c => c.Break(It.IsAny<BreakRequest>())).Returns(right.Object);
        using DirectFile file = DirectFile.Open(Folder.File(), Options with { Coordinator = coordinator.Object });

        Assert.ThrowsAny<IOException>(() => file.Allocate(0, long.MaxValue)); // EFBIG or ENOSPC

        right.Verify(r => r.Dispose(), Times.Once);
        Assert.Equal(64 << 10, file.Length);
    }

    [Fact]
    public void Each_operation_does_what_it_says()
    {
        using DirectFile file = Create();
        file.Write([1, 2, 3], 5);
        byte[] read = new byte[10];
        Assert.Equal(10, file.Read(read, 0));
        Assert.Equal([0, 0, 0, 0, 0, 1, 2, 3, 0, 0], read);

        file.PunchHole(0, 4096);
        Assert.Equal(10, file.Read(read, 0));
        Assert.Equal(new byte[10], read);
        Assert.Equal(64 << 10, file.Length);

        file.Allocate(64 << 10, 10);
        Assert.Equal((64 << 10) + 10, file.Length);

        file.SetLength(3);
        Assert.Equal(3, file.Length);
        Assert.Equal(3, file.Read(read, 0));
        Assert.Equal(0, file.Read(read, 3));
        file.Write([], 1000);
        Assert.Equal(3, file.Length);
    }

    [Fact]
    public void A_write_to_a_full_device_says_so_with_path_range_and_errno()
    {
        using TestDirectory directory = new();
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(directory, kibibytes: 256);
        using DirectFile file = DirectFile.Create(Path.Combine(tiny.Path, "file"), 128 << 10, Options);

        IOException full = Assert.Throws<IOException>(() => file.Write(new byte[1 << 20], 0));

        Assert.Equal(28, full.HResult);
        Assert.Contains(file.Path, full.Message, StringComparison.Ordinal);
        Assert.Contains("[0, 1048576)", full.Message, StringComparison.Ordinal);
        Assert.Contains("ENOSPC", full.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Negative_empty_and_overflowing_ranges_are_refused()
    {
        using DirectFile file = Create();

        Assert.Throws<ArgumentOutOfRangeException>(() => file.Read(new byte[1], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Write([1], -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Write([1], long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Allocate(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Allocate(-1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Allocate(1, long.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.PunchHole(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.PunchHole(long.MaxValue, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.SetLength(-1));
        Assert.Equal(64 << 10, file.Length);
    }

    [Fact]
    public async Task Cancelling_an_operation_that_waits_changes_nothing_and_lets_the_break_go_on()
    {
        using DirectFile file = Create();
        using DirectFile other = Open();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using CancellationTokenSource impatience = new();
        Task running = other.SetLengthAsync(0, cancellationToken: impatience.Token).AsTask();

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Within());
        Assert.Equal(64 << 10, file.Length);
        Assert.Equal(RegionState.Breaking, region.State);
        PassDeadline();
        Soon.Until(() => region.State == RegionState.Revoked, "the region is revoked though its breaker gave up");
    }

    /// <summary>What the temp folder's file system may not be able to do; that it asks first is the same everywhere.</summary>
    private static void Supported(Action operation)
    {
        try
        {
            operation();
        }
        catch (NotSupportedException)
        {
            // EOPNOTSUPP
        }
    }
}
