using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>Which ranges an operation touches, and so which leases it breaks.</summary>
public abstract class LeaseRangeTests(FileBackingKind backing) : FileTest(backing)
{
    private static readonly BreakOptions s_nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

    private static LeaseConflict ConflictOf(Action action) => Assert.Throws<LeaseConflictException>(action).Conflict;

    [Theory]
    [InlineData(LeaseCoverage.WholeFile)]
    [InlineData(LeaseCoverage.MappedRange)]
    public void A_regions_lease_is_broken_by_what_touches_its_scope_and_by_nothing_else(LeaseCoverage scope)
    {
        using DirectFile file = Create(length: 64 * PageSize);
        using DirectFile other = Open();
        (string Name, Action<DirectFile> Operation, bool TouchesTheMappedRange)[] operations =
        [
            ("write before", f => f.Write([1], (4 * PageSize) - 1, s_nonBlocking), false),
            ("write into", f => f.Write([1], 4 * PageSize, s_nonBlocking), true),
            ("write into the tail of the last page", f => f.Write([1], (6 * PageSize) - 1, s_nonBlocking), true),
            ("write behind", f => f.Write([1], 6 * PageSize, s_nonBlocking), false),
            ("allocate behind", f => f.Allocate(6 * PageSize, PageSize, s_nonBlocking), false),
            ("punch before", f => f.PunchHole(0, 4 * PageSize, s_nonBlocking), false),
            ("punch across", f => f.PunchHole(0, 5 * PageSize, s_nonBlocking), true),
            ("truncate behind", f => f.SetLength(6 * PageSize, s_nonBlocking), false),
            ("truncate into", f => f.SetLength((6 * PageSize) - 1, s_nonBlocking), true),
            ("right before", f => f.BreakLayout(new FileRange(0, PageSize), s_nonBlocking).Dispose(), false),
            ("right from before on", f => f.BreakLayout(FileRange.From(PageSize), s_nonBlocking).Dispose(), true),
        ];
        foreach ((string name, Action<DirectFile> operation, bool touches) in operations)
        {
            file.SetLength(64 * PageSize);
            file.Write(new byte[64 * PageSize], 0);
            using MappedRegion region = file.Map(
                MapOptions.DirectOrEmulated with { Range = new FileRange(4 * PageSize, (2 * PageSize) - 100), LeaseCoverage = scope });

            Exception? conflict = Record.Exception(() => operation(other));

            bool breaks = scope == LeaseCoverage.WholeFile || touches;
            Assert.True(
                (region.State == RegionState.Breaking) == breaks && (conflict is LeaseConflictException) == breaks,
                $"{name}: {region.State}, {conflict?.Message ?? "went on"}");
        }
    }

    [Fact]
    public void Growing_the_file_touches_from_its_end_on()
    {
        using DirectFile file = Create(length: 8 * PageSize);
        using DirectFile other = Open();
        using MappedRegion front = file.Map(
            MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4 * PageSize), LeaseCoverage = LeaseCoverage.MappedRange });

        other.SetLength(64 * PageSize, s_nonBlocking);

        Assert.Equal(RegionState.Active, front.State);
    }

    [Fact]
    public void Collapsing_and_inserting_touch_everything_from_their_offset_on_and_do_what_they_say()
    {
        const int Block = 64 << 10; // a multiple of every block size
        using DirectFile file = Create(length: 8 * Block);
        using DirectFile other = Open();
        byte[] content = [.. Enumerable.Range(0, 8).SelectMany(block => Enumerable.Repeat((byte)(block + 1), Block))];
        file.Write(content, 0);
        Exception? unsupported = Record.Exception(() => file.CollapseRange(7L * Block - Block, Block));
        NeedsLinuxBacking("it cannot move blocks");
        Requires.Have("collapse", unsupported is not NotSupportedException, "the file system of the temp folder cannot collapse ranges");
        Assert.Null(unsupported);
        foreach (Action<DirectFile> operation in new Action<DirectFile>[]
        {
            f => f.InsertRange(2 * Block, Block, s_nonBlocking),
            f => f.CollapseRange(2 * Block, Block, s_nonBlocking)
        })
        {
            using (ILayoutLease behind = other.AcquireLease(new LeaseOptions { Range = new FileRange(6 * Block, 1) }))
            {
                Assert.Equal(LeaseConflict.WouldBlock, ConflictOf(() => operation(file)));
                Assert.Equal(LeaseState.Breaking, behind.State);
            }

            using ILayoutLease before = other.AcquireLease(new LeaseOptions { Range = new FileRange(0, 2 * Block) });
            operation(file);
            Assert.Equal(LeaseState.Active, before.State);
        }

        Assert.Equal(7 * Block, file.Length); // the one before last was taken out; what was inserted was taken out again
        byte[] now = File.ReadAllBytes(file.Path);
        Assert.Equal([1, 2, 3, 4, 5, 6, 8], Enumerable.Range(0, 7).Select(block => now[block * Block]));
    }

    [Fact]
    public async Task Collapsing_and_inserting_into_an_own_region_are_EBUSY_and_arguments_that_the_file_system_refuses_are_told()
    {
        const int Block = 64 << 10;
        using DirectFile file = Create(length: 8 * Block);
        using (file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(4 * Block, Block) }))
        {
            Assert.Equal(LeaseConflict.Busy, ConflictOf(() => file.CollapseRange(0, Block)));
            Assert.Equal(LeaseConflict.Busy, ConflictOf(() => file.InsertRange(4 * Block, Block)));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => file.CollapseRange(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.InsertRange(-1, 1));
        Exception? refused = Record.Exception(() => file.CollapseRange(1, Block));
        NeedsLinuxBacking("it cannot move blocks");
        Requires.Have("collapse", refused is not NotSupportedException, "the file system of the temp folder cannot collapse ranges");
        Assert.Equal(22, Assert.IsType<ArgumentException>(refused).HResult);
        await Assert.ThrowsAsync<ArgumentException>(() => file.InsertRangeAsync(7, Block).AsTask());
        await file.InsertRangeAsync(0, Block);
        await file.CollapseRangeAsync(0, Block);
        Assert.Equal(8 * Block, file.Length);
    }
}
