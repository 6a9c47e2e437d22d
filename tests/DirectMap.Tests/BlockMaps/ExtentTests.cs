using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.BlockMaps;

/// <summary>DirectFile.GetExtents beside what the file system's own tools say.</summary>
public sealed class ExtentTests(RealFileSystems fileSystems, FragmentedFiles fragmented) : StateTest(fileSystems, fragmented)
{
    [Theory]
    [MemberData(nameof(VerdictTable.Possible), MemberType = typeof(VerdictTable))]
    public void The_extents_are_those_that_the_tools_list_and_between_them_are_holes(string fileSystem, FileState state)
    {
        (string path, _) = Make(fileSystem, state);
        using DirectFile file = DirectFile.Open(path);

        List<Extent> extents = [.. file.GetExtents()];

        AssertGapless(extents, file.Length);
        List<Extent> allocated = [.. extents.Where(extent => extent.Flags != ExtentFlags.Hole)];
        Assert.Equal(Oracles.HasBlocks(fileSystem) ? Oracles.Filefrag(path) : Oracles.Seek(path), allocated);
        if (fileSystem is RealFileSystems.Xfs or RealFileSystems.XfsWithoutReflink)
        {
            Assert.Equal(Oracles.Bmap(path), allocated);
        }
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Ext4Journal)]
    [InlineData(RealFileSystems.Ext4Inline)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.XfsWithoutReflink)]
    [InlineData(RealFileSystems.Btrfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    public void Ten_thousand_fragments_are_walked_through_in_constant_memory(string fileSystem)
    {
        (string path, _) = Make(fileSystem, FileState.Fragmented);
        using DirectFile file = DirectFile.Open(path);
        Assert.True(Walk(file) >= FileStates.FragmentCount);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Walk(file);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 10);
    }

    [Fact]
    public void What_nobody_enumerates_is_not_read()
    {
        using TestDirectory directory = new();
        File.WriteAllBytes(directory.File(), new byte[8192]);
        Moq.Mock<IBlockMap> map = new(Moq.MockBehavior.Strict);
        using DirectFile file = DirectFile.Open(directory.File(), new DirectFileOptions { BlockMap = map.Object });

        _ = file.GetExtents();

        map.VerifyNoOtherCalls();
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Ext4SmallBlocks)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Btrfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    [InlineData(RealFileSystems.Tmpfs)]
    [InlineData(RealFileSystems.Overlay)]
    public void Up_to_the_end_of_the_file_is_to_its_last_byte_whatever_lies_behind(string fileSystem)
    {
        TestDirectory directory = NewDirectory(fileSystem);
        foreach (long length in (long[])[1, 4096, 10_240])
        {
            string path = directory.File($"{length}");
            File.WriteAllBytes(path, new byte[length]);
            FileStates.AllocateBeyondEnd(path, length, 64 << 10);
            using DirectFile file = DirectFile.Open(path);

            AssertGapless([.. file.GetExtents()], length);
        }

        File.WriteAllBytes(directory.File("empty"), []);
        using DirectFile empty = DirectFile.Open(directory.File("empty"));
        Assert.Empty(empty.GetExtents());
    }

    [Fact]
    public void A_block_map_of_the_users_own_is_cut_there_as_well()
    {
        using TestDirectory directory = new();
        File.WriteAllBytes(directory.File(), new byte[10_240]);
        using DirectFile file = DirectFile.Open(directory.File(), new DirectFileOptions { BlockMap = new EmulatedBlockMap(12_288) });

        AssertGapless([.. file.GetExtents()], 10_240);
        Assert.True(file.GetExtents(new FileRange(0, 10_240)).Last().End > 10_240);
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Btrfs)]
    public void Blocks_allocated_beyond_the_end_are_shown_to_who_asks_for_them(string fileSystem)
    {
        (string path, FileRange range) = Make(fileSystem, FileState.Written);
        long gap = range.End + (1 << 20);
        FileStates.AllocateBeyondEnd(path, gap, FileStates.Length);
        using DirectFile file = DirectFile.Open(path);

        Assert.Equal(range.End, file.Length);
        Assert.All(file.GetExtents(), extent => Assert.Equal(ExtentFlags.None, extent.Flags));
        List<Extent> beyond = [.. file.GetExtents(FileRange.From(range.End))];
        Assert.Equal([ExtentFlags.Hole, ExtentFlags.Unwritten, ExtentFlags.Hole], beyond.Select(extent => extent.Flags));
        Assert.Equal(new FileRange(gap, FileStates.Length), new FileRange(beyond[1].Offset, beyond[1].Length));
        Assert.Equal(long.MaxValue, beyond[^1].End);
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Btrfs)]
    [InlineData(RealFileSystems.Tmpfs)]
    [InlineData(RealFileSystems.Overlay)]
    public void Where_no_file_can_reach_there_is_a_hole(string fileSystem)
    {
        (string path, _) = Make(fileSystem, FileState.Written);
        using DirectFile file = DirectFile.Open(path);

        Assert.Equal([new Extent(long.MaxValue - 4096, 4096, -1, ExtentFlags.Hole)], file.GetExtents(FileRange.From(long.MaxValue - 4096)));
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    [InlineData(RealFileSystems.Tmpfs)]
    public void A_part_of_an_extent_is_found_from_any_byte_on(string fileSystem)
    {
        (string path, FileRange range) = Make(fileSystem, FileState.Written);
        using DirectFile file = DirectFile.Open(path);

        Extent part = Assert.Single(file.GetExtents(new FileRange(FileStates.BlockSize + 1, 1)));

        Assert.Equal(ExtentFlags.None, part.Flags);
        Assert.InRange(FileStates.BlockSize + 1, part.Offset, part.End - 1);
        Assert.True(part.End <= range.End);
    }

    private static int Walk(DirectFile file)
    {
        int count = 0;
        foreach (Extent extent in file.GetExtents())
        {
            count += extent.Flags == ExtentFlags.Hole ? 0 : 1;
        }

        return count;
    }

    private static void AssertGapless(List<Extent> extents, long length)
    {
        long position = 0;
        foreach (Extent extent in extents)
        {
            Assert.Equal(position, extent.Offset);
            Assert.True(extent.Length > 0);
            position = extent.End;
        }

        Assert.Equal(length, position);
    }
}
