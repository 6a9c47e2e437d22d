using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.BlockMaps;

public sealed class VerdictTests(RealFileSystems fileSystems, FragmentedFiles fragmented) : StateTest(fileSystems, fragmented)
{
    [Fact]
    public void The_table_has_a_verdict_for_every_state_on_every_file_system()
    {
        Assert.Equal(RealFileSystems.All, VerdictTable.FileSystems);
        Assert.Equal(Enum.GetValues<FileState>(), VerdictTable.Rows.Select(row => row.State));
        Assert.All(VerdictTable.Rows, row => Assert.Equal(RealFileSystems.All.Count, row.Row.Length));
    }

    [Theory]
    [MemberData(nameof(VerdictTable.Verdicts), MemberType = typeof(VerdictTable))]
    public void A_file_is_mapped_or_refused_by_its_state_its_file_system_and_the_access(
        string fileSystem, FileState state, MappingAccess access, RefusalReason expected)
    {
        (string path, FileRange range) = Make(fileSystem, state);
        using DirectFile file = DirectFile.Open(path);

        Assert.Equal(expected, Verdict(file, range, access, out MapRefusedException? refused));
        Assert.Equal(expected is not (RefusalReason.None or RefusalReason.BlockMapMoves), refused?.Extent is not null);
    }

    [Theory]
    [InlineData(RealFileSystems.Overlay, BlockMapStability.Unverified)]
    [InlineData(RealFileSystems.Tmpfs, BlockMapStability.Stable)]
    [InlineData(RealFileSystems.BtrfsNoCow, BlockMapStability.Stable)]
    public void A_region_says_whether_its_block_map_is_vouched_for(string fileSystem, BlockMapStability expected)
    {
        (string path, _) = Make(fileSystem, FileState.Written);
        using DirectFile file = DirectFile.Open(path);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal(expected, region.Facts.BlockMapStability);
    }

    [Fact]
    public void Beside_what_is_shared_in_the_middle_the_file_is_mapped()
    {
        (string path, FileRange range) = Make(RealFileSystems.Xfs, FileState.SharedInTheMiddle);
        using DirectFile file = DirectFile.Open(path);
        long quarter = range.Length / 4;

        Assert.Equal(RefusalReason.None, Verdict(file, new FileRange(0, quarter), MappingAccess.ReadWrite, out _));
        Assert.Equal(RefusalReason.None, Verdict(file, new FileRange(3 * quarter, quarter), MappingAccess.ReadWrite, out _));
        Assert.Equal(
            RefusalReason.SharedExtent, Verdict(file, new FileRange(0, quarter + FileStates.BlockSize), MappingAccess.ReadWrite, out _));
        Assert.Equal(
            RefusalReason.SharedExtent,
            Verdict(file, new FileRange((3 * quarter) - FileStates.BlockSize, quarter), MappingAccess.ReadWrite, out _));
    }

    [Fact]
    public void On_btrfs_sharing_a_part_of_an_extent_makes_the_whole_extent_shared()
    {
        (string path, FileRange range) = Make(RealFileSystems.BtrfsNoCow, FileState.SharedInTheMiddle);
        using DirectFile file = DirectFile.Open(path);

        Assert.Equal(RefusalReason.SharedExtent, Verdict(file, new FileRange(0, range.Length / 4), MappingAccess.ReadWrite, out _));
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    public void What_was_half_written_is_mapped_for_writing_up_to_there(string fileSystem)
    {
        (string path, FileRange range) = Make(fileSystem, FileState.HalfWritten);
        using DirectFile file = DirectFile.Open(path);

        Assert.Equal(RefusalReason.None, Verdict(file, new FileRange(0, range.Length / 2), MappingAccess.ReadWrite, out _));
        Assert.Equal(
            RefusalReason.UnwrittenExtent,
            Verdict(file, new FileRange(0, (range.Length / 2) + 1), MappingAccess.ReadWrite, out MapRefusedException? refused));
        Assert.Equal(range.Length / 2, refused!.Extent!.Value.Offset);
    }

    private static RefusalReason Verdict(DirectFile file, FileRange range, MappingAccess access, out MapRefusedException? refused)
    {
        refused = null;
        try
        {
            using MappedRegion region = file.Map(
                MapOptions.DirectOrEmulated with { Access = access, Range = range });
            return RefusalReason.None;
        }
        catch (MapRefusedException exception)
        {
            refused = exception;
            return exception.Reason;
        }
    }
}
