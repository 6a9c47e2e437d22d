using DirectMap.Backings;
using DirectMap.Durability;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Backings;

/// <summary>
/// The engine that maps with MAP_SYNC, where there is no persistent memory: that it is refused, what is done then, and all that does not
/// depend on the flag. What depends on it is in DirectMap.DaxTests.
/// </summary>
public sealed unsafe class SyncMappingTests : FileTest
{
    private const long HugePage = 2 << 20;

    [Theory]
    [InlineData(MappingAccess.ReadWrite)]
    [InlineData(MappingAccess.Read)]
    public void A_file_that_is_not_on_persistent_memory_is_mapped_the_other_way_and_the_mapping_says_why(MappingAccess access)
    {
        using SafeFileHandle file = NewFile(4 * PageSize);

        using MappedView view = FileOf(file).MapView(new FileRange(0, 4 * PageSize), access, wantsSync: true);

        Assert.Equal("MAP_SYNC was refused: EOPNOTSUPP", view.SyncMissing);
        Assert.Equal(1, ProcSelf.MappingsOf(Path)); // nothing is left of the attempt
        Assert.Equal(7, view.Start[PageSize]);
        Assert.DoesNotContain("sf", ProcSelf.FlagsAt((nint)view.Start));
    }

    [Fact]
    public void The_reason_goes_on_to_granularity_and_durability()
    {
        NeedsDevice();
        using SafeFileHandle file = NewFile(4 * PageSize);
        EffectiveGranularity granularity = LinuxBacking.Instance.GranularityOf(null, isDax: true, "MAP_SYNC was refused: EOPNOTSUPP");

        Assert.Equal(new EffectiveGranularity(PersistGranularity.Page, "MAP_SYNC was refused: EOPNOTSUPP"), granularity);
        Assert.Equal(
            new Stated<DurabilityKind>(DurabilityKind.PageCache, "msync; MAP_SYNC was refused: EOPNOTSUPP"),
            LinuxBacking.Instance.DurabilityOf(FileOf(file).FileSystem, granularity));
    }

    [Theory]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Byte)]
    internal void What_is_smaller_than_a_page_is_persistent_memory_on_every_file_system(PersistGranularity granularity)
    {
        Stated<DurabilityKind> durability = LinuxBacking.Instance.DurabilityOf(
            default, new EffectiveGranularity(granularity, granularity == PersistGranularity.Byte ? null : "no eADR"));

        Assert.Equal(DurabilityKind.PersistentMemory, durability.Value);
        Assert.NotEmpty(durability.Reason);
    }

    [Fact]
    public void A_region_says_why_its_granularity_is_not_smaller()
    {
        using DirectFile file = Create();
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion emulated = file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.Page });

        Requires.Have("no-dax", region.Facts.IsEmulated, "needs a temp folder that is not on persistent memory");
        Assert.Equal("the file is not on persistent memory (no DAX)", region.Facts.Granularity.Reason);
        Assert.Equal("it is what is emulated", emulated.Facts.Granularity.Reason);
        if (IsOnDevice)
        {
            Assert.Equal("msync; the file is not on persistent memory (no DAX)", region.Facts.Durability.Reason);
        }
    }

    [Fact]
    public void Where_caches_are_persistent_there_is_nothing_to_say() =>
        Assert.Equal(new EffectiveGranularity(PersistGranularity.Byte, null), EffectiveGranularity.Of(
            isDax: true,
            syncMissing: null,
            new PersistenceDomain(PersistenceDomainKind.CpuCache, "it says so"),
            flushMissing: "not needed then"));

    /// <summary>Offset, length.</summary>
    [Theory]
    [InlineData(0, HugePage)]
    [InlineData(0, (2 * HugePage) + 1)]
    [InlineData(4096, HugePage + 4096)]
    [InlineData(HugePage - 4096, HugePage + 100)]
    [InlineData(HugePage, 3 * HugePage)]
    public void From_a_huge_page_on_addresses_are_aligned_as_their_offsets_are(long offset, long length)
    {
        using SafeFileHandle file = NewFile(8 * HugePage);

        // Whatever lies there already: several at a time, so that chance does not do it.
        List<MappedPages> all = [];
        for (int i = 0; i < 5; i++)
        {
            Assert.Equal(0, SyncMapping.TryMap(file, new FileRange(offset, length), writable: true, isSync: false, out MappedPages pages));
            all.Add(pages);
            Assert.Equal(offset % HugePage, (nint)pages.Start % HugePage);
            pages.Start[length - 1] = (byte)i; // mapped to the end
        }

        Assert.Equal(5, ProcSelf.MappingsOf(Path));
        Assert.Equal(4, all[0].Start[length - 1]); // and shared
        all.ForEach(pages => pages.Dispose());
        Assert.Equal(0, ProcSelf.MappingsOf(Path));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(HugePage + 1)]
    public void Children_do_not_inherit_it(long length)
    {
        using SafeFileHandle file = NewFile(2 * HugePage);
        Assert.Equal(0, SyncMapping.TryMap(file, new FileRange(0, length), writable: true, isSync: false, out MappedPages pages));
        using (pages)
        {
            Assert.Contains("dc", ProcSelf.FlagsAt((nint)pages.Start));
            Assert.Contains("dc", ProcSelf.FlagsAt((nint)pages.Start + (nint)length - 1));
        }
    }

    [Fact]
    public void A_view_of_it_is_cut_off_synced_and_unmapped_as_any_other()
    {
        using SafeFileHandle file = NewFile(2 * PageSize);
        Assert.Equal(0, SyncMapping.TryMap(file, new FileRange(PageSize, 100), writable: true, isSync: false, out MappedPages pages));
        LinuxView view = new(pages, 100, writable: true, "without the flag");
        byte* start = view.Start;
        start[0] = 8;
        Assert.Equal(0, view.TrySync(0, 100));
        Assert.Equal(0, view.TryPopulate(0, PageSize, writing: true));

        view.Detach();
        start[0] = 9;
        byte[] read = new byte[1];
        RandomAccess.Read(file, read, PageSize);

        Assert.Equal((8, 0), (read[0], ProcSelf.MappingsOf(Path)));
        view.Unmap();
        Assert.True(pages.IsClosed);
    }

    [Fact]
    public void Its_lost_pages_come_back_as_they_were_mapped()
    {
        Requires.Native();
        using SafeFileHandle file = NewFile(4 * PageSize);
        Assert.Equal(0, SyncMapping.TryMap(file, new FileRange(0, 4 * PageSize), writable: true, isSync: false, out MappedPages pages));
        RegionMapping mapping = new();
        Assert.True(mapping.TryAttach(0, _ => new LinuxView(pages, 4 * PageSize, writable: true, "without the flag"), contain: true));
        RandomAccess.SetLength(file, PageSize);
        mapping.Start[PageSize] = 1; // contained
        Assert.True(mapping.HasLost);

        RandomAccess.SetLength(file, 4 * PageSize);
        Assert.True(mapping.TryRestore(file, 0, [0, 4], out int errno, out _));

        mapping.Start[PageSize] = 2;
        byte[] read = new byte[1];
        RandomAccess.Read(file, read, PageSize);
        Assert.Equal((0, 2, false), (errno, read[0], mapping.HasLost));
        Assert.Contains("dc", ProcSelf.FlagsAt((nint)mapping.Start + PageSize));
        mapping.Unmap();
    }

    [Fact]
    public void Pages_of_a_mapping_with_the_flag_never_come_back_without_it()
    {
        // The file system refuses MAP_SYNC here, so what was registered with it cannot be mapped again: then it stays lost.
        Requires.Native();
        using SafeFileHandle file = NewFile(4 * PageSize);
        Assert.Equal(0, SyncMapping.TryMap(file, new FileRange(0, 4 * PageSize), writable: true, isSync: false, out MappedPages pages));
        RegionMapping mapping = new();
        Assert.True(mapping.TryAttach(0, _ => new LinuxView(pages, 4 * PageSize, writable: true, syncMissing: null), contain: true));
        RandomAccess.SetLength(file, PageSize);
        mapping.Start[PageSize] = 1;

        RandomAccess.SetLength(file, 4 * PageSize);
        mapping.TryRestore(file, 0, [0, 4], out int errno, out _);

        Assert.Equal((Errno.EOPNOTSUPP, true), (errno, mapping.HasLost));
        mapping.Unmap();
    }

    [Fact]
    public void A_file_that_cannot_be_mapped_so_at_all_is_an_exception_with_the_reason()
    {
        using SafeFileHandle file = NewFile(4 * PageSize, FileAccess.Read);

        UnauthorizedAccessException refused = Assert.Throws<UnauthorizedAccessException>(() =>
            SyncMapping.TryCreate(file, new FileRange(0, PageSize), MappingAccess.ReadWrite, Path, out _));

        Assert.Equal(Errno.EACCES, refused.HResult);
        Assert.Contains(Path, refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, ProcSelf.MappingsOf(Path));
    }

    private string Path => Folder.File("ordinary");

    private void NeedsDevice() => Requires.Have("device", IsOnDevice, "needs a temp folder on a device");

    /// <summary>The second page begins with a 7.</summary>
    private OpenedFile FileOf(SafeFileHandle file) => LinuxBacking.Instance.FileOf(inode: null!, file, Path);

    private SafeFileHandle NewFile(long length, FileAccess access = FileAccess.ReadWrite)
    {
        using (FileStream stream = File.Create(Path))
        {
            stream.SetLength(length);
            stream.Position = PageSize;
            stream.WriteByte(7);
        }

        return File.OpenHandle(Path, FileMode.Open, access, FileShare.ReadWrite);
    }
}
