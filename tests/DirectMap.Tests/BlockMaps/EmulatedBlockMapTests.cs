using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.BlockMaps;

public sealed class EmulatedBlockMapTests
{
    [Fact]
    public void A_new_map_is_written_up_to_its_length_and_a_hole_beyond() =>
        Assert.Equal(
            [new Extent(0, 8192, 0, ExtentFlags.None), new Extent(8192, long.MaxValue - 8192, -1, ExtentFlags.Hole)],
            Read(new EmulatedBlockMap(8192), FileRange.Whole));

    [Theory]
    [InlineData(0L, ExtentFlags.None, 1)]
    [InlineData(0L, ExtentFlags.Shared, 1)]
    [InlineData(8192L, ExtentFlags.Hole, 1)]
    [InlineData(long.MaxValue, ExtentFlags.Unwritten, 1)]
    [InlineData(8192L, ExtentFlags.Unwritten, 2)]
    public void What_is_in_one_state_is_one_extent(long length, ExtentFlags flags, int expected) =>
        Assert.Equal(expected, Read(new EmulatedBlockMap(length, flags), FileRange.Whole).Count);

    [Fact]
    public void A_negative_length_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new EmulatedBlockMap(-1));

    [Fact]
    public void A_state_in_the_middle_splits_an_extent_and_setting_it_back_merges_the_pieces()
    {
        EmulatedBlockMap map = new(12288);
        FileRange middle = new(4096, 4096);

        map.Set(middle, ExtentFlags.BadBlock);
        Assert.Equal(
            [ExtentFlags.None, ExtentFlags.BadBlock, ExtentFlags.None, ExtentFlags.Hole],
            Read(map, FileRange.Whole).Select(extent => extent.Flags));

        map.Set(middle, ExtentFlags.None);
        Assert.Equal([ExtentFlags.None, ExtentFlags.Hole], Read(map, FileRange.Whole).Select(extent => extent.Flags));
    }

    [Fact]
    public void A_state_across_extents_replaces_what_lies_in_it()
    {
        EmulatedBlockMap map = new(16384);
        map.Set(new FileRange(0, 4096), ExtentFlags.Unwritten);
        map.Set(new FileRange(4096, 4096), ExtentFlags.Shared);
        map.Set(new FileRange(8192, 4096), ExtentFlags.Hole);

        map.Set(new FileRange(2048, 8192), ExtentFlags.DataInline);

        Assert.Equal(
            [
                new Extent(0, 2048, 0, ExtentFlags.Unwritten),
                new Extent(2048, 8192, 2048, ExtentFlags.DataInline),
                new Extent(10240, 2048, -1, ExtentFlags.Hole),
                new Extent(12288, 4096, 12288, ExtentFlags.None),
            ],
            Read(map, new FileRange(0, 16384)));
    }

    [Fact]
    public void A_state_can_be_set_beyond_the_length_and_up_to_the_very_end()
    {
        EmulatedBlockMap map = new(4096);

        map.Set(FileRange.From(1 << 20), ExtentFlags.Unwritten);

        Assert.Equal(
            [(0L, ExtentFlags.None), (4096L, ExtentFlags.Hole), (1L << 20, ExtentFlags.Unwritten)],
            Read(map, FileRange.Whole).Select(extent => (extent.Offset, extent.Flags)));
        Assert.Equal(long.MaxValue, Read(map, FileRange.Whole)[^1].End);
    }

    [Fact]
    public void Setting_nothing_changes_nothing()
    {
        EmulatedBlockMap map = new(4096);

        map.Set(new FileRange(2048, 0), ExtentFlags.BadBlock);

        Assert.Equal(2, Read(map, FileRange.Whole).Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4096)]
    [InlineData(1 << 20)]
    public void An_empty_range_has_no_extents(long offset) =>
        Assert.Equal(0, new EmulatedBlockMap(4096).GetExtents(new FileRange(offset, 0), new Extent[4]));

    [Fact]
    public void There_must_be_room_for_an_extent() =>
        Assert.Throws<ArgumentException>(() => new EmulatedBlockMap(4096).GetExtents(new FileRange(0, 4096), Memory<Extent>.Empty));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Whatever_is_set_in_whatever_order_the_map_says_for_each_byte_what_was_set_last(int seed)
    {
        const int Length = 64, Steps = 300;
        ExtentFlags[] states =
        [
            ExtentFlags.None,
            ExtentFlags.Hole,
            ExtentFlags.Shared,
            ExtentFlags.Unwritten,
            ExtentFlags.BadBlock,
            ExtentFlags.Shared | ExtentFlags.Unwritten
        ];
        Random random = new(seed);
        EmulatedBlockMap map = new(Length / 2);
        ExtentFlags[] model = [.. Enumerable.Range(0, Length).Select(i => i < Length / 2 ? ExtentFlags.None : ExtentFlags.Hole)];
        for (int step = 0; step < Steps; step++)
        {
            int start = random.Next(Length), length = random.Next(Length - start + 1);
            ExtentFlags flags = states[random.Next(states.Length)];
            map.Set(new FileRange(start, length), flags);
            model.AsSpan(start, length).Fill(flags);

            int from = random.Next(Length);
            FileRange asked = new(from, random.Next(1, Length - from + 1));
            List<Extent> extents = Read(map, asked, batch: random.Next(1, 4));

            AssertTiles(extents, asked);
            Assert.All(extents, extent => Assert.Equal(extent.Flags == ExtentFlags.Hole ? -1 : extent.Offset, extent.PhysicalOffset));
            for (long i = asked.Offset; i < asked.End; i++)
            {
                Assert.Equal(model[i], Assert.Single(extents, extent => extent.Offset <= i && i < extent.End).Flags);
            }
        }
    }

    [Fact]
    public void A_file_shows_the_emulated_extents_up_to_its_end_and_others_when_asked()
    {
        using TestDirectory directory = new();
        File.WriteAllBytes(directory.File(), new byte[8192]);
        EmulatedBlockMap map = new(8192);
        map.Set(new FileRange(4096, 4096), ExtentFlags.Shared);
        using DirectFile file = DirectFile.Open(directory.File(), new DirectFileOptions { BlockMap = map });

        Assert.Equal([new Extent(0, 4096, 0, ExtentFlags.None), new Extent(4096, 4096, 4096, ExtentFlags.Shared)], file.GetExtents());
        Assert.Equal(ExtentFlags.Hole, Assert.Single(file.GetExtents(new FileRange(1 << 20, 1))).Flags);
        Assert.Empty(file.GetExtents(new FileRange(4096, 0)));
    }

    [Fact]
    public void A_file_reads_the_map_piece_by_piece_so_it_sees_what_changes_further_on()
    {
        using TestDirectory directory = new();
        File.WriteAllBytes(directory.File(), new byte[1 << 20]);
        const int Pieces = 256;
        EmulatedBlockMap map = new(1 << 20);
        for (int i = 0; i < Pieces; i += 2)
        {
            map.Set(new FileRange(i * 4096, 4096), ExtentFlags.Unwritten);
        }

        using DirectFile file = DirectFile.Open(directory.File(), new DirectFileOptions { BlockMap = map });
        using IEnumerator<Extent> walk = file.GetExtents().GetEnumerator();
        Assert.True(walk.MoveNext());
        map.Set(new FileRange((Pieces - 1) * 4096, 4096), ExtentFlags.BadBlock);
        Extent last = walk.Current;
        while (walk.MoveNext())
        {
            last = walk.Current;
        }

        Assert.Equal(ExtentFlags.BadBlock, last.Flags);
    }

    [Theory]
    [InlineData(ExtentFlags.Hole, RefusalReason.Hole)]
    [InlineData(ExtentFlags.Shared, RefusalReason.SharedExtent)]
    [InlineData(ExtentFlags.Unwritten, RefusalReason.UnwrittenExtent)]
    [InlineData(ExtentFlags.BadBlock, RefusalReason.BadBlock)]
    [InlineData(ExtentFlags.Encoded, RefusalReason.EncodedExtent)]
    [InlineData((ExtentFlags)0x8_0000, RefusalReason.UnknownExtent)]
    public void The_policy_sees_what_the_file_itself_does_not_have(ExtentFlags flags, RefusalReason expected)
    {
        using TestDirectory directory = new();
        using DirectFile real = DirectFile.Create(directory.File(), 8192);
        EmulatedBlockMap map = new(8192);
        map.Set(new FileRange(4096, 4096), flags);
        using DirectFile file = DirectFile.Open(directory.File(), new DirectFileOptions { BlockMap = map });

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Equal(expected, refused.Reason);
        Assert.Equal(4096, refused.Extent!.Value.Offset);
        using MappedRegion before = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4096) });
    }

    [Fact]
    public async Task It_may_be_changed_and_read_by_several_threads()
    {
        EmulatedBlockMap map = new(1 << 20);
        FileRange all = new(0, 1 << 20);
        Task[] writers = [.. Enumerable.Range(1, 2).Select(seed => Task.Run(() =>
        {
            Random random = new(seed);
            for (int i = 0; i < 500; i++)
            {
                map.Set(new FileRange(random.Next(1 << 19), random.Next(1 << 19)), (ExtentFlags)(1 << random.Next(11, 14)));
            }
        }))];
        Extent[] extents = new Extent[4096];
        do
        {
            int count = map.GetExtents(all, extents);
            AssertTiles([.. extents.AsSpan(0, count)], all);
        }
        while (!writers.All(writer => writer.IsCompleted));

        await Task.WhenAll(writers).Within();
    }

    private static List<Extent> Read(EmulatedBlockMap map, FileRange range, int batch = 16)
    {
        List<Extent> all = [];
        Extent[] buffer = new Extent[batch];
        for (long position = range.Offset; position < range.End; position = all[^1].End)
        {
            int count = map.GetExtents(new FileRange(position, range.End - position), buffer);
            Assert.InRange(count, 1, batch);
            all.AddRange(buffer.AsSpan(0, count));
        }

        return all;
    }

    private static void AssertTiles(List<Extent> extents, FileRange range)
    {
        Assert.InRange(range.Offset, extents[0].Offset, extents[0].End - 1);
        Assert.InRange(range.End, extents[^1].Offset + 1, extents[^1].End);
        foreach ((Extent one, Extent next) in extents.Zip(extents.Skip(1)))
        {
            Assert.Equal(one.End, next.Offset);
            Assert.NotEqual(one.Flags, next.Flags);
        }
    }
}
