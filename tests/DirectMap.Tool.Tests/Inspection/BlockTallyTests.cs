using DirectMap.Tool.Inspection;

namespace DirectMap.Tool.Tests.Inspection;

public sealed class BlockTallyTests
{
    private static readonly int s_page = Environment.SystemPageSize;

    [Fact]
    public void Bytes_are_counted_up_to_the_end_of_the_file()
    {
        BlockTally tally = new(10_000, 8);
        tally.Add(new Extent(0, 8192, 1 << 20, ExtentFlags.None), BlockKind.Written);
        tally.Add(new Extent(8192, 1 << 30, -1, ExtentFlags.Hole), BlockKind.Hole);

        BlockSummary sum = tally.Sum();

        Assert.Equal((8192, 1808, 8192), (sum.BytesOf(BlockKind.Written), sum.BytesOf(BlockKind.Hole), sum.Allocated));
    }

    [Theory]
    [InlineData(1, 64, 1)]
    [InlineData(4096, 64, 1)]
    [InlineData(4097, 64, 2)]
    [InlineData(1 << 20, 64, 64)]
    [InlineData(0, 64, 0)]
    public void The_picture_is_never_finer_than_a_page(long length, int cells, int expected)
    {
        Assert.SkipUnless(s_page == 4096, "the figures are for pages of 4 KiB");
        Assert.Equal(expected, new BlockTally(length, cells).Sum().Cells.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Each_cell_shows_what_most_of_its_bytes_are_and_what_most_of_the_rest(int seed)
    {
        Random random = new(seed);
        int length = (97 * s_page) + random.Next(s_page);
        BlockKind[] kinds = new BlockKind[length];
        BlockTally tally = new(length, 13);
        for (int start = 0; start < length;)
        {
            int end = Math.Min(length, start + 1 + random.Next(3 * s_page));
            BlockKind kind = (BlockKind)random.Next(BlockKinds.Count);
            kinds.AsSpan(start, end - start).Fill(kind);
            tally.Add(new Extent(start, end - start, start, ExtentFlags.None), kind);
            start = end;
        }

        IReadOnlyList<BlockCell> cells = tally.Sum().Cells;

        Assert.Equal(13, cells.Count);
        for (int i = 0; i < cells.Count; i++)
        {
            int[] counts = new int[BlockKinds.Count];
            foreach (BlockKind kind in kinds[(int)((long)length * i / 13)..(int)((long)length * (i + 1) / 13)])
            {
                counts[(int)kind]++;
            }

            int most = counts[(int)cells[i].Kind];
            Assert.Equal(counts.Max(), most);
            counts[(int)cells[i].Kind] = 0;
            Assert.Equal(counts.Max() > 0, cells[i].Other is not null);
            Assert.Equal(counts.Max(), cells[i].Other is { } other ? counts[(int)other] : 0);
        }
    }

    [Fact]
    public void A_speck_in_a_huge_file_is_seen()
    {
        const long Length = 1L << 40;
        BlockTally tally = new(Length, 64);
        tally.Add(new Extent(0, Length / 2, -1, ExtentFlags.Hole), BlockKind.Hole);
        tally.Add(new Extent(Length / 2, 4096, 0, ExtentFlags.None), BlockKind.Written);
        tally.Add(new Extent((Length / 2) + 4096, (Length / 2) - 4096, -1, ExtentFlags.Hole), BlockKind.Hole);

        IReadOnlyList<BlockCell> cells = tally.Sum().Cells;

        Assert.Equal(BlockKind.Written, cells[32].Other);
        Assert.Equal(63, cells.Count(cell => cell is { Kind: BlockKind.Hole, Other: null }));
    }

    [Fact]
    public void A_fragment_goes_on_as_long_as_the_blocks_lie_together_in_the_file_and_on_the_device()
    {
        BlockTally tally = new(64 * s_page, 4);
        Add(0, 8, at: 100);
        Add(8, 8, at: 108, BlockKind.Unwritten); // the same fragment, whatever its state
        Add(16, 1, at: 300);
        Add(17, 1, at: 200);
        Add(18, 30, at: 201);
        tally.Add(new Extent(48 * s_page, 8 * s_page, -1, ExtentFlags.Hole), BlockKind.Hole);
        Add(56, 8, at: 239); // where it would lie without the hole

        BlockSummary sum = tally.Sum();

        Assert.Equal(4, sum.Fragments);
        Assert.Equal([1, 2, 0, 1], sum.Cells.Select(cell => cell.FragmentStarts));
        Assert.Equal([false, true, false, false], sum.Cells.Select(cell => cell.IsFragmented));
        Assert.Equal([false, true, false, true], sum.Cells.Select(cell => cell.IsAlternate));

        void Add(long page, long pages, long at, BlockKind kind = BlockKind.Written) =>
            tally.Add(new Extent(page * s_page, pages * s_page, at * s_page, ExtentFlags.None), kind);
    }

    [Fact]
    public void Where_nobody_says_where_blocks_lie_fragments_are_not_counted()
    {
        BlockTally tally = new(4096, 4);
        tally.Add(new Extent(0, 4096, -1, ExtentFlags.None), BlockKind.Written);

        Assert.Null(tally.Sum().Fragments);
    }

    [Theory]
    [InlineData(ExtentFlags.None, nameof(BlockKind.Written))]
    [InlineData(ExtentFlags.Merged, nameof(BlockKind.Written))]
    [InlineData(ExtentFlags.Unwritten, nameof(BlockKind.Unwritten))]
    [InlineData(ExtentFlags.Hole, nameof(BlockKind.Hole))]
    [InlineData(ExtentFlags.Shared, nameof(BlockKind.Shared))]
    [InlineData(ExtentFlags.Shared | ExtentFlags.Unwritten, nameof(BlockKind.Shared))]
    [InlineData(ExtentFlags.DelayedAllocation | ExtentFlags.Unknown, nameof(BlockKind.Delayed))]
    [InlineData(ExtentFlags.DataInline | ExtentFlags.NotAligned, nameof(BlockKind.Inline))]
    [InlineData(ExtentFlags.Encoded, nameof(BlockKind.Encoded))]
    [InlineData(ExtentFlags.BadBlock, nameof(BlockKind.BadBlock))]
    [InlineData(ExtentFlags.Unknown, nameof(BlockKind.Other))]
    public void The_kind_of_an_extent_is_what_the_policy_says_of_it(ExtentFlags flags, string kind) =>
        Assert.Equal(kind, BlockKinds.Of(default, new Extent(0, 4096, 0, flags)).ToString());
}
