using DirectMap.Tests.Backings;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Libpmem2;

/// <summary>
/// The cases of libpmem2's own test pmem2_map, by its names, as far as they apply. Others: sharing_private (and its variants; there are no
/// private mappings), unmap_unaligned_addr and get_address (no addresses are taken or given), huge_alignment (of mappings with MAP_SYNC, on
/// persistent memory: DirectMap.DaxTests). pmem2_map_prot's matrix of modes and protections: <see cref="Files.ProtectedMappingTests"/>.
/// pmem2_map_from_existing and pmem2_vm_reservation: no such functions.
/// </summary>
public sealed class MapCaseTests : FileTest
{
    [Fact]
    public void Rdrw_file_is_mapped_for_reading_and_writing()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        region.Write(8, 42L);

        Assert.Equal((MappingAccess.ReadWrite, 42L), (region.Access, BitConverter.ToInt64(File.ReadAllBytes(file.Path), 8)));
    }

    [Fact]
    public void Rdonly_file_is_mapped_for_reading_only()
    {
        Create().Dispose();
        using DirectFile file = DirectFile.Open(Folder.File("file.pmem"), Options with { Access = FileAccess.Read });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal((MappingAccess.Read, 0L), (region.Access, region.Read<long>(0)));
        Assert.Throws<NotSupportedException>(() => region.Write(0, 1L));
        Assert.Throws<UnauthorizedAccessException>(() => file.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.ReadWrite }));
    }

    [Fact]
    public void Valid_ranges_begin_at_any_page_and_end_anywhere()
    {
        using DirectFile file = Create(4 * PageSize);
        foreach ((long offset, long? length, long expected) in new (long, long?, long)[]
        {
            (0, null, 4 * PageSize),
            (PageSize, null, 3 * PageSize),
            (2 * PageSize, PageSize, PageSize),
            (0, 1, 1),
            (3 * PageSize, PageSize, PageSize)
        })
        {
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = Ranges.Of(offset, length) });
            Assert.Equal((offset, expected), (region.FileOffset, region.Length));
        }
    }

    [Fact]
    public void Invalid_ranges_reach_beyond_the_file_or_are_none()
    {
        using DirectFile file = Create(4 * PageSize);
        foreach ((long offset, long length) in new (long, long)[]
        {
            (0, (4 * PageSize) + 1), (PageSize, 4 * PageSize), (4 * PageSize, PageSize), (8L * PageSize, 1), (0, long.MaxValue - 1)
        })
        {
            AssertBeyondEnd(file, MapOptions.DirectOrEmulated with { Range = Ranges.Of(offset, length) });
        }

        foreach ((long offset, long length) in new (long, long)[] { (-PageSize, PageSize), (0, 0), (0, -1), (PageSize, long.MaxValue) })
        {
            Assert.ThrowsAny<ArgumentException>(() => file.Map(MapOptions.DirectOrEmulated with { Range = Ranges.Of(offset, length) }));
        }

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    [Fact]
    public void Invalid_alignment_is_an_offset_that_is_no_multiple_of_a_page()
    {
        using DirectFile file = Create(4 * PageSize);
        foreach (long offset in new[] { 1L, 64, 512, PageSize - 1, PageSize + 1 })
        {
            Assert.Equal("options", Assert.ThrowsAny<ArgumentException>(() =>
                file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(offset, 1) })).ParamName);
        }
    }

    [Fact]
    public void Invalid_fd_is_a_file_that_was_closed()
    {
        DirectFile file = Create();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.Map(MapOptions.DirectOrEmulated));
    }

    [Fact]
    public void Unaligned_length_ends_at_the_byte_and_not_at_the_page()
    {
        using DirectFile file = Create(2 * PageSize);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, PageSize + 100) });

        region.Write(region.Length - 1, (byte)7);

        Assert.Equal(PageSize + 100, region.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Write(region.Length, (byte)7));
        Assert.Equal(7, File.ReadAllBytes(file.Path)[PageSize + 99]);
    }

    [Fact]
    public void Unmap_valid_leaves_no_mapping()
    {
        using DirectFile file = Create();
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(1, ProcSelf.MappingsOf(Folder.Path));

        region.Dispose();

        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    [Fact]
    public void Get_size_and_get_granularity_simple_are_properties_of_the_region()
    {
        using DirectFile file = Create(5 * PageSize);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal((5 * PageSize, PersistGranularity.Page), (region.Length, region.Facts.Granularity.Value));
    }

    [Fact]
    public void Map_larger_than_unaligned_file_size_is_refused_and_what_there_is_is_mapped()
    {
        using DirectFile file = Create(PageSize + 123);
        AssertBeyondEnd(file, MapOptions.DirectOrEmulated with { Range = new FileRange(0, PageSize + 124) });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        region.Write(PageSize + 122, (byte)1);

        Assert.Equal(PageSize + 123, region.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Write(PageSize + 123, (byte)1));
    }

    [Fact]
    public void Zero_file_size_cannot_be_mapped()
    {
        File.WriteAllBytes(Folder.File("empty"), []);
        using DirectFile file = Open("empty");

        AssertBeyondEnd(file, MapOptions.DirectOrEmulated);
    }

    [Fact]
    public void Sharing_shared_shows_the_stores_of_one_mapping_in_another()
    {
        using DirectFile file = Create();
        using MappedRegion one = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion other = file.Map(MapOptions.DirectOrEmulated with { Range = FileRange.From(PageSize) });

        one.Write(PageSize + 16, 99L);

        Assert.Equal(99, other.Read<long>(16));
    }

    [Fact]
    public void Two_same_mappings_live_and_end_apart()
    {
        using DirectFile file = Create();
        MappedRegion one = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion other = file.Map(MapOptions.DirectOrEmulated);

        one.Dispose();
        other.Write(0, 5L);

        Assert.Equal(5, BitConverter.ToInt64(File.ReadAllBytes(file.Path)));
    }

    private static void AssertBeyondEnd(DirectFile file, MapOptions options) =>
        Assert.Equal(RefusalReason.BeyondEndOfFile, Assert.Throws<MapRefusedException>(() => file.Map(options)).Reason);
}
