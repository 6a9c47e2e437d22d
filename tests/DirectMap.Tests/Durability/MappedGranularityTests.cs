using DirectMap.Tests.Children;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

/// <summary>
/// pmem2_granularity, over real mappings: what is required, what is emulated, and what the region has. No test machine has MAP_SYNC, so
/// what is not emulated is a page.
/// </summary>
public sealed class MappedGranularityTests : FileTest
{
    private const PersistGranularity Byte = PersistGranularity.Byte;
    private const PersistGranularity CacheLine = PersistGranularity.CacheLine;
    private const PersistGranularity Page = PersistGranularity.Page;

    /// <summary>Required, emulated; what the region has, or null and the missing fact.</summary>
    [Theory]
    [InlineData(null, null, Page, null)]
    [InlineData(Page, null, Page, null)]
    [InlineData(CacheLine, null, null, "CacheLine is required, and there is Page: the file is not ")]
    [InlineData(Byte, null, null, "Byte is required, and there is Page: the file is not ")]
    [InlineData(null, Page, Page, null)]
    [InlineData(Page, Page, Page, null)]
    [InlineData(CacheLine, Page, null, "CacheLine is required, and there is Page: it is what is emulated")]
    [InlineData(Byte, Page, null, "Byte is required, and there is Page: it is what is emulated")]
    [InlineData(null, CacheLine, CacheLine, null)]
    [InlineData(Page, CacheLine, CacheLine, null)]
    [InlineData(CacheLine, CacheLine, CacheLine, null)]
    [InlineData(Byte, CacheLine, null, "Byte is required, and there is CacheLine: it is what is emulated")]
    [InlineData(null, Byte, Byte, null)]
    [InlineData(Page, Byte, Byte, null)]
    [InlineData(CacheLine, Byte, Byte, null)]
    [InlineData(Byte, Byte, Byte, null)]
    public void On_Linux_a_region_has_what_is_emulated_or_a_page_and_whoever_needs_less_is_told_what_is_missing(
        PersistGranularity? required, PersistGranularity? emulated, PersistGranularity? expected, string? missing)
    {
        Requires.Native();
        Check(FileBackingKind.Linux, required, emulated, expected, missing);
    }

    [Theory]
    [InlineData(null, null, Page, null)]
    [InlineData(Page, null, Page, null)]
    [InlineData(CacheLine, null, null, "CacheLine is required, and there is Page: the portable backing")]
    [InlineData(Byte, null, null, "Byte is required, and there is Page: the portable backing")]
    [InlineData(null, Page, Page, null)]
    [InlineData(Page, Page, Page, null)]
    [InlineData(CacheLine, Page, null, "CacheLine is required, and there is Page: the portable backing")]
    [InlineData(Byte, Page, null, "Byte is required, and there is Page: the portable backing")]
    [InlineData(null, CacheLine, null, "CacheLine cannot be emulated here: the portable backing")]
    [InlineData(Page, CacheLine, null, "CacheLine cannot be emulated here: the portable backing")]
    [InlineData(CacheLine, CacheLine, null, "CacheLine cannot be emulated here: the portable backing")]
    [InlineData(Byte, CacheLine, null, "CacheLine cannot be emulated here: the portable backing")]
    [InlineData(null, Byte, null, "Byte cannot be emulated here: the portable backing")]
    [InlineData(Page, Byte, null, "Byte cannot be emulated here: the portable backing")]
    [InlineData(CacheLine, Byte, null, "Byte cannot be emulated here: the portable backing")]
    [InlineData(Byte, Byte, null, "Byte cannot be emulated here: the portable backing")]
    public void Portably_there_are_pages_only(
        PersistGranularity? required, PersistGranularity? emulated, PersistGranularity? expected, string? missing) =>
        Check(FileBackingKind.Portable, required, emulated, expected, missing);

    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public void What_is_no_granularity_is_not_taken_for_one(FileBackingKind backing)
    {
        using DirectFile file = DirectFile.Create(Folder.File(), 4 * PageSize, Options with { Backing = backing });
        foreach (PersistGranularity undefined in new[]
        {
            (PersistGranularity)(-1),
            (PersistGranularity)3,
            (PersistGranularity)int.MaxValue
        })
        {
            Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() =>
                file.Map(MapOptions.DirectOrEmulated with { RequiredGranularity = undefined })).ParamName);
            Assert.Equal("options", Assert.Throws<ArgumentOutOfRangeException>(() =>
                file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = undefined })).ParamName);
        }
    }

    [Fact]
    public void A_smaller_granularity_compares_as_less() => Assert.True(Byte < CacheLine && CacheLine < Page);

    [Fact]
    public async Task What_cannot_be_had_is_refused_to_whoever_waits_for_a_lease_too()
    {
        using DirectFile file = Create();

        MapRefusedException refused = await Assert.ThrowsAsync<MapRefusedException>(async () =>
            await file.MapAsync(MapOptions.DirectOrEmulated with { RequiredGranularity = Byte }, TestContext.Current.CancellationToken));

        Assert.Equal(RefusalReason.GranularityUnavailable, refused.Reason);
        Assert.Empty(Coordinator.Snapshot(file.Id).Leases);
    }

    [Fact]
    public void Of_an_ordinary_mapping_and_of_a_part_of_a_file_it_is_the_same()
    {
        Requires.Native();
        using DirectFile file = Create();
        using MappedRegion region = file.Map(
            MapOptions.Ordinary with
            {
                EmulatedGranularity =
                CacheLine,
                Range = new FileRange(PageSize, 100),
                Access = MappingAccess.Read
            });

        Assert.Equal((CacheLine, DurabilityKind.Emulated), (region.Facts.Granularity.Value, region.Facts.Durability.Value));
        Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.Ordinary with { RequiredGranularity = CacheLine }));
    }

    [Fact]
    public void Where_the_native_library_is_missing_neither_bytes_nor_lines_are_emulated()
    {
        ChildProcess.Result result = ChildProcess.RunWithoutNativeLibrary(PersistCases.GranularitiesWithoutTheLibrary, Folder.File());

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private void Check(
        FileBackingKind backing, PersistGranularity? required, PersistGranularity? emulated, PersistGranularity? expected, string? missing)
    {
        using DirectFile file = DirectFile.Create(Folder.File(), 4 * PageSize, Options with { Backing = backing });
        MapOptions options = MapOptions.DirectOrEmulated with { RequiredGranularity = required, EmulatedGranularity = emulated };
        if (expected is null)
        {
            MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(options));
            Assert.Equal((RefusalReason.GranularityUnavailable, file.Path), (refused.Reason, refused.Path));
            Assert.Contains(missing!, refused.Message, StringComparison.Ordinal);
            Assert.Empty(Coordinator.Snapshot(file.Id).Leases);
            Assert.Equal(0, ProcSelf.MappingsOf(file.Path));
            return;
        }

        using MappedRegion region = file.Map(options);
        Assert.Equal(expected, region.Facts.Granularity.Value);
        if (emulated is Byte or CacheLine)
        {
            Assert.Equal(DurabilityKind.Emulated, region.Facts.Durability.Value);
            Assert.Contains($"granularity of {emulated} is emulated", region.Facts.Durability.Reason, StringComparison.Ordinal);
        }
        else
        {
            Assert.NotEqual(DurabilityKind.Emulated, region.Facts.Durability.Value);
        }
    }
}
