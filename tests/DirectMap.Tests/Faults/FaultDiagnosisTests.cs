using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Faults;

/// <summary>Why pages were lost, found out afterwards from what can be seen then.</summary>
public sealed class FaultDiagnosisTests : LossTest
{
    private const int PageCount = 8;

    private readonly EmulatedBlockMap _map = new(PageCount * PageSize);

    private MappedRegion Map(MapOptions options, IBlockMap? map = null)
    {
        DirectFile file = DirectFile.Create(Folder.File(), PageCount * PageSize, Options with { BlockMap = map ?? _map });
        Keep(file);
        return file.Map(options);
    }

    /// <summary>A page that was lost while the file was short, and is looked at when the file has its length again.</summary>
    private static MappingFaultException LoseForAWhile(MappedRegion region, Action? meanwhile = null)
    {
        using RegionMemory memory = region.GetMemory(5 * PageSize, 8);
        ReadOnlySpan<byte> span = memory.ReadOnlyMemory.Span;
        SetLengthOutside(region.Path, 4 * PageSize);
        Assert.Equal(0, span[0]);
        SetLengthOutside(region.Path, PageCount * PageSize);
        meanwhile?.Invoke();
        return Assert.Throws<MappingFaultException>(() => memory.Complete());
    }

    [Fact]
    public void A_page_beyond_the_end_is_beyond_the_end_and_the_length_is_told()
    {
        using MappedRegion region = Map(MapOptions.DirectOrEmulated);
        SetLengthOutside(region.Path, (4 * PageSize) + 1);

        MappingFaultException fault = Lose(region, 5);

        Assert.Equal((FaultCause.BeyondEndOfFile, null), (fault.Cause, fault.Extent));
        Assert.EndsWith($": the file has {(4 * PageSize) + 1} bytes", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_page_that_holds_the_end_is_not_lost()
    {
        using MappedRegion region = Map(MapOptions.DirectOrEmulated);
        SetLengthOutside(region.Path, (4 * PageSize) + 1);

        region.Write((5L * PageSize) - 8, 1L);

        Assert.Equal((RegionState.Active, 1L), (region.State, region.Read<long>((5 * PageSize) - 8)));
    }

    [Fact]
    public void Where_nothing_is_wrong_any_more_the_cause_is_unknown_and_says_so()
    {
        using MappedRegion region = Map(MapOptions.DirectOrEmulated);

        MappingFaultException fault = LoseForAWhile(region);

        Assert.Equal((FaultCause.Unknown, 5, Pages(5, 1)), (fault.Cause, fault.HResult, fault.Lost!.Value));
        Assert.Contains("nothing is wrong with it now", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExtentFlags.Hole)]
    [InlineData(ExtentFlags.Unwritten)]
    [InlineData(ExtentFlags.Shared)]
    public void Where_a_store_needed_a_block_and_there_is_space_the_free_space_is_told(ExtentFlags flags)
    {
        using MappedRegion region = Map(MapOptions.Ordinary);

        MappingFaultException fault = LoseForAWhile(region, () => _map.Set(Pages(5, 1), flags));

        Assert.Equal((FaultCause.Unknown, flags), (fault.Cause, fault.Extent!.Value.Flags));
        Assert.Matches(@"it needed a block, and \d+ bytes are free now", fault.Message);
    }

    [Fact]
    public void A_load_needs_no_block_where_loads_allocate_none()
    {
        Assert.SkipUnless(IsOnDevice, "on tmpfs loads allocate");
        using MappedRegion region = Map(MapOptions.Ordinary with { Access = MappingAccess.Read });

        MappingFaultException fault = LoseForAWhile(region, () => _map.Set(Pages(5, 1), ExtentFlags.Hole));

        Assert.Contains("nothing is wrong with it now", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_map_that_cannot_be_read_makes_the_cause_unknown_and_says_what_it_said()
    {
        SilentMap map = new(_map);
        using MappedRegion region = Map(MapOptions.DirectOrEmulated, map);

        MappingFaultException fault = LoseForAWhile(region, () => map.IsSilent = true);

        Assert.Equal((FaultCause.Unknown, null), (fault.Cause, fault.Extent));
        Assert.EndsWith("no answer today", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_map_that_cannot_be_read_does_not_hide_that_the_file_is_too_short()
    {
        SilentMap map = new(_map);
        using MappedRegion region = Map(MapOptions.DirectOrEmulated, map);
        SetLengthOutside(region.Path, PageSize);
        map.IsSilent = true;

        Assert.Equal(FaultCause.BeyondEndOfFile, Lose(region, 5).Cause);
    }

    [Fact]
    public void The_first_fault_of_a_region_is_diagnosed_once_until_it_is_restored()
    {
        using MappedRegion region = Map(MapOptions.Ordinary);
        SetLengthOutside(region.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(region.Path, PageCount * PageSize);
        FaultCause later = Assert.Throws<MappingFaultException>(() => region.Read<long>(0)).Cause; // still why it was lost then
        Assert.Empty(region.RestoreLostPages());

        FaultCause anew = LoseForAWhile(region).Cause;

        Assert.Equal((FaultCause.BeyondEndOfFile, FaultCause.Unknown), (later, anew));
    }

    [Theory]
    [InlineData(FaultReach.Region)]
    [InlineData(FaultReach.Page)]
    public void On_a_full_disk_a_store_to_a_hole_is_no_space_and_when_there_is_space_again_the_page_comes_back(FaultReach reach)
    {
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(Folder, 1024);
        string path = Path.Combine(tiny.Path, "sparse");
        using (FileStream sparse = File.Create(path))
        {
            sparse.SetLength(1 << 20);
        }

        using (DirectFile file = DirectFile.Open(path, Options))
        {
            using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultReach = reach });
            region.Write(0, 1L);
            MappingFaultException fault;
            using (new DiskFill(tiny.Path))
            {
                fault = Assert.Throws<MappingFaultException>(() => region.Write(5 * PageSize, 42L));
                Assert.Equal([Pages(5, 1)], region.RestoreLostPages());
            }

            Assert.Equal(
                (FaultCause.NoSpace, FaultAccess.Write, 28, Pages(5, 1)), (fault.Cause, fault.Access, fault.HResult, fault.Lost!.Value));
            Assert.Equal(ExtentFlags.Hole, fault.Extent!.Value.Flags);

            // A child that is just being started has what filled the disk open, for a moment.
            Soon.Until(() => region.RestoreLostPages().Count == 0, "there is space again");
            Assert.Equal(0L, region.Read<long>(5 * PageSize)); // the store went nowhere
            region.Write(5 * PageSize, 43L);
            Assert.Equal((1L, 43L), (region.Read<long>(0), region.Read<long>(5 * PageSize)));
        }

        ProcSelf.CollectGarbage(); // nothing keeps the file system busy
    }

    private sealed class SilentMap(IBlockMap map) : IBlockMap
    {
        internal bool IsSilent { get; set; }

        public int GetExtents(FileRange range, Memory<Extent> extents) =>
            IsSilent ? throw new IOException("no answer today") : map.GetExtents(range, extents);
    }
}
