using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Mapping;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

/// <summary>
/// Persists that hold no thread. A sync of the inode that has begun and not ended keeps them all from ending, for as long as a test wants.
/// </summary>
public abstract class PersistAsyncTests : RegionTest
{
    private readonly InodeReference _reference;

    internal PersistAsyncTests(FileBackingKind backing)
        : base(64 << 10, backing) =>
        _reference = FileBackings.Of(backing).Open(TheFile.Path, FileAccess.ReadWrite, new FileBinding(Coordinator, "the test"));

    private Inode Inode => _reference.Inode;

    [Fact]
    public async Task The_caller_is_not_kept_while_the_sync_goes_on_nor_is_anybody_else_who_comes_meanwhile()
    {
        int slot = Inode.Syncs.Begin();

        Task[] tasks =
            [.. Enumerable.Range(0, 50).Select(i => Region.PersistAsync(i * 8, PageSize, TestContext.Current.CancellationToken))];

        Assert.All(tasks, task => Assert.False(task.IsCompleted));
        Inode.EndSync(slot, 0);
        await Task.WhenAll(tasks).Within();
    }

    [Fact]
    public async Task A_cancelled_wait_ends_and_the_others_do_not()
    {
        using CancellationTokenSource source = new();
        int slot = Inode.Syncs.Begin();
        Task cancelled = Region.PersistAsync(0, 8, source.Token);
        Task other = Region.PersistAsync(0, 8, TestContext.Current.CancellationToken);

        await source.CancelAsync();

        Assert.Equal(source.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(cancelled.Within)).CancellationToken);
        Assert.False(other.IsCompleted);
        Inode.EndSync(slot, 0);
        await other.Within();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Region.PersistAsync(0, 8, source.Token));
        await Region.PersistAsync(0, 8, TestContext.Current.CancellationToken).Within();
    }

    [Fact]
    public async Task A_region_that_was_disposed_meanwhile_is_told_by_the_task()
    {
        int slot = Inode.Syncs.Begin();
        Task[] tasks =
        [
            Region.PersistAsync(0, 8, TestContext.Current.CancellationToken),
            Region.PersistAsync(PageSize, 8, TestContext.Current.CancellationToken)
        ];

        Region.Dispose();
        Inode.EndSync(slot, 0);

        foreach (Task task in tasks)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(task.Within);
        }

        Assert.Throws<ObjectDisposedException>(() => { _ = Region.PersistAsync(0, 8, TestContext.Current.CancellationToken); });
    }

    [Fact]
    public async Task A_region_that_was_revoked_meanwhile_is_told_by_the_task()
    {
        int slot = Inode.Syncs.Begin();
        Task task = Region.PersistAsync(8, 16, TestContext.Current.CancellationToken);

        Region.Core.Mapping.Invalidate(MappingLife.Revoked);
        Inode.EndSync(slot, 0);

        MappingFaultException fault = await Assert.ThrowsAsync<MappingFaultException>(task.Within);
        Assert.Equal((FaultCause.Revoked, FaultAccess.Persist, new FileRange(8, 16)), (fault.Cause, fault.Access, fault.Range));
    }

    [Fact]
    public async Task A_file_that_was_truncated_meanwhile_is_told_to_those_only_who_asked_for_what_is_gone()
    {
        NeedsLinuxBacking("its flush is of the whole view");
        int slot = Inode.Syncs.Begin();
        Task gone = Region.PersistAsync(4 * PageSize, 8, TestContext.Current.CancellationToken);
        Task kept = Region.PersistAsync(0, 2 * PageSize, TestContext.Current.CancellationToken);

        LossTest.SetLengthOutside(TheFile.Path, 2 * PageSize);
        Inode.EndSync(slot, 0);

        Assert.Equal(FaultCause.BeyondEndOfFile, (await Assert.ThrowsAsync<MappingFaultException>(gone.Within)).Cause);
        await kept.Within();
    }

    [Fact]
    public async Task A_failure_to_write_back_is_told_to_everybody_who_waited()
    {
        int slot = Inode.Syncs.Begin();
        Task[] tasks =
            [.. Enumerable.Range(0, 20).Select(i => Region.PersistAsync(i % 8 * PageSize, 8, TestContext.Current.CancellationToken))];

        Inode.EndSync(slot, 5);

        foreach (Task task in tasks)
        {
            Assert.Equal(5, (await Assert.ThrowsAsync<WritebackFailureException>(task.Within)).HResult);
        }
    }

    public override void Dispose()
    {
        _reference.Dispose();
        base.Dispose();
    }
}
