using DirectMap.Tests.Durability;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Libpmem2;

/// <summary>
/// The cases of libpmem2's own tests pmem2_integration, pmem2_persist and pmem2_persist_valgrind, by their names, as far as they apply,
/// in each granularity. pmem2_granularity: <see cref="Persistence.GranularityTests"/> and
/// <see cref="Persistence.MappedGranularityTests"/>. Others: register_pmem (Valgrind's), source_anon_* and
/// mem_move_cpy_set_with_map_private (no such mappings), deep_flush of device DAX (no files there).
/// </summary>
public sealed class PersistCaseTests : FileTest
{
    private const int Pages = 16;
    private const PersistGranularity Byte = PersistGranularity.Byte;
    private const PersistGranularity CacheLine = PersistGranularity.CacheLine;
    private const PersistGranularity Page = PersistGranularity.Page;

    [Fact]
    public void Reuse_cfg_maps_twice_by_the_same_options()
    {
        MapOptions options = With(Page);
        using DirectFile file = Create(Pages * PageSize);
        using MappedRegion one = file.Map(options);
        using MappedRegion other = file.Map(options);

        Assert.Equal((one.Length, one.Facts.Granularity.Value), (other.Length, other.Facts.Granularity.Value));
    }

    [Fact]
    public void Reuse_cfg_with_diff_fd_maps_two_files_by_the_same_options()
    {
        MapOptions options = With(Page);
        using DirectFile file = Create(Pages * PageSize);
        using DirectFile another = Create(PageSize, "another");
        using MappedRegion one = file.Map(options);
        using MappedRegion other = another.Map(options);

        Assert.Equal((Pages * PageSize, PageSize), (one.Length, other.Length));
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Use_misc_lens_and_offsets_reaches_the_same_bytes_of_the_file(PersistGranularity granularity)
    {
        using DirectFile file = Create(Pages * PageSize);
        using (MappedRegion whole = file.Map(With(granularity)))
        {
            byte[] pattern = new byte[whole.Length];
            new Random(5).NextBytes(pattern);
            whole.PersistCopy(0, pattern);
        }

        byte[] content = File.ReadAllBytes(file.Path);
        for (long offset = 0; offset < Pages * PageSize; offset += PageSize)
        {
            for (long length = PageSize / 2; offset + length <= Pages * PageSize; length += (3 * PageSize) + 17)
            {
                using MappedRegion region = file.Map(With(granularity) with { Range = Ranges.Of(offset, length) });
                byte[] seen = new byte[length];
                region.CopyTo(0, seen.AsSpan());
                Assert.True(content.AsSpan((int)offset, (int)length).SequenceEqual(seen));
                region.Persist();
            }
        }
    }

    [Theory]
    [InlineData(Byte, 0, 2)]
    [InlineData(CacheLine, 0, 2)]
    [InlineData(Page, 0, 2)]
    [InlineData(Byte, 0, 2.5)]
    [InlineData(CacheLine, 0, 2.5)]
    [InlineData(Page, 0, 2.5)]
    [InlineData(Byte, 3, 2)]
    [InlineData(CacheLine, 3, 2)]
    [InlineData(Page, 3, 2)]
    public void Len_aligned_len_not_aligned_and_offset_aligned_make_durable_what_was_stored(
        PersistGranularity granularity, int pagesBefore, double pages)
    {
        using DirectFile file = Create(Pages * PageSize);
        using MappedRegion region = file.Map(
            With(granularity) with { Range = new FileRange(pagesBefore * PageSize, (long)(pages * PageSize)) });

        region.PersistFill(0, region.Length, 0xAB);

        byte[] content = File.ReadAllBytes(file.Path);
        int end = (pagesBefore * PageSize) + (int)region.Length;
        Assert.Equal(region.Length, content.Count(value => value == 0xAB));
        Assert.Equal((pagesBefore * PageSize, end - 1), (Array.IndexOf(content, (byte)0xAB), Array.LastIndexOf(content, (byte)0xAB)));
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Offset_not_aligned_is_refused(PersistGranularity granularity)
    {
        Needs(granularity);
        using DirectFile file = Create(Pages * PageSize);

        Assert.ThrowsAny<ArgumentException>(() => file.Map(With(granularity) with { Range = FileRange.From(PageSize - 1) }));
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Deep_flush_valid_of_the_whole_and_deep_flush_slice_of_a_part_leave_no_page_of_it_dirty(PersistGranularity granularity)
    {
        using DirectFile file = Create(8 << 20);
        using MappedRegion region = file.Map(With(granularity));
        Requires.Have("device-fs", IsOnDevice, "needs a temp folder on a device: in memory pages are never written back");
        region.Write(0, 1L);
        region.Write((4 << 20) + 7, 1L);

        region.DeepFlush((4 << 20) + 7, 8);
        int dirtyAfterTheSlice = ProcSelf.DirtyKibibytes(file.Path);
        region.DeepFlush(0, region.Length);

        Assert.NotEqual(0, dirtyAfterTheSlice);
        Assert.Equal(0, ProcSelf.DirtyKibibytes(file.Path));
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Deep_flush_e_range_behind_e_range_before_and_overlap_are_out_of_range(PersistGranularity granularity)
    {
        using DirectFile file = Create(Pages * PageSize);
        using MappedRegion region = file.Map(With(granularity) with { Range = new FileRange(PageSize, 4 * PageSize) });

        Assert.Throws<ArgumentOutOfRangeException>(() => region.DeepFlush(region.Length, 1)); // behind
        Assert.Throws<ArgumentOutOfRangeException>(() => region.DeepFlush(-PageSize, PageSize)); // before
        Assert.Throws<ArgumentOutOfRangeException>(() => region.DeepFlush(region.Length - 1, 2)); // overlap
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Unaligned_persist_covers_the_pages_at_both_ends(PersistGranularity granularity)
    {
        using DirectFile file = Create(8 << 20);
        using MappedRegion region = file.Map(With(granularity));
        long begin = (4 << 20) - 3, end = (4 << 20) + 5;
        region.Write(begin, (byte)1);
        region.Write(end - 1, (byte)1);

        region.Persist(begin, end - begin);

        if (granularity == Page && IsOnDevice)
        {
            Assert.Equal(0, ProcSelf.DirtyKibibytes(file.Path));
        }

        Assert.Equal([1, 0], File.ReadAllBytes(file.Path)[(int)begin..(int)(begin + 2)]);
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Continuous_range_discontinuous_range_and_discontinuous_range_partially_are_persisted_one_by_one(
        PersistGranularity granularity)
    {
        using DirectFile file = Create(Pages * PageSize);
        using MappedRegion region = file.Map(With(granularity));
        foreach ((long offset, long length) in new (long, long)[]
        {
            (0, 3 * PageSize),
            (5 * PageSize, PageSize),
            (7 * PageSize, PageSize),
            (6 * PageSize, 3 * PageSize)
        })
        {
            region.Fill(offset, length, 3);
            region.WriteBack(offset, length);
        }

        region.Drain();

        Assert.Equal(7 * PageSize, File.ReadAllBytes(file.Path).Count(value => value == 3));
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Nonpmem_data_is_what_lies_beside_the_mapping_and_is_refused(PersistGranularity granularity)
    {
        using DirectFile file = Create(Pages * PageSize);
        using MappedRegion region = file.Map(With(granularity) with { Range = new FileRange(0, 100) });

        Assert.Throws<ArgumentOutOfRangeException>(() => region.Persist(100, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.WriteBack(99, 2));
    }

    private static void Needs(PersistGranularity granularity)
    {
        if (granularity != Page)
        {
            Requires.Native();
        }
    }

    private static MapOptions With(PersistGranularity granularity)
    {
        Needs(granularity);
        return MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity };
    }
}
