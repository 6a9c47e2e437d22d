using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>The library's main job, on each file system: create, map, write, persist, be told of a breaker, be revoked.</summary>
public sealed class MainJobTests(RealFileSystems fileSystems) : FileTest
{
    public static TheoryData<string> FileSystems => [.. RealFileSystems.All];

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void A_file_is_created_mapped_written_and_made_durable_and_a_holder_is_told_and_revoked(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using DirectFile file = DirectFile.Create(directory.File(), 1 << 20, Options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(
            fileSystem == RealFileSystems.Overlay ? BlockMapStability.Unverified : BlockMapStability.Stable,
            region.Facts.BlockMapStability);
        List<Extent> created = [.. file.GetExtents()];
        Assert.All(created, extent => Assert.Equal(ExtentFlags.None, extent.Flags));

        region.Write(0, 42L);
        using (RegionScope scope = region.OpenScope(4096, 900_000))
        {
            scope.Span.Fill(7);
            scope.Complete();
        }

        region.Persist();
        Assert.Equal(created, file.GetExtents());
        using DirectFile other = DirectFile.Open(directory.File(), Options);
        Assert.Throws<LeaseConflictException>(
            () => other.Write([1], 500_000, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        Assert.Equal(RegionState.Breaking, region.State);
        region.Write(8, 43L);
        PassDeadline();
        Soon.Until(() => region.State == RegionState.Revoked, "the region is revoked");
        other.Write([1], 500_000);
        Assert.Throws<MappingFaultException>(() => region.Read<long>(0));
        byte[] content = File.ReadAllBytes(directory.File());
        Assert.Equal([42, 43, 7, 1, 7], [content[0], content[8], content[4096], content[500_000], content[500_001]]);
    }

    [Fact]
    public void On_btrfs_create_sets_NOCOW_before_the_first_byte_so_that_stores_leave_the_blocks_where_they_are()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        using DirectFile file = DirectFile.Create(directory.File(), 64 << 10, Options);
        Assert.Null(RealFileSystems.Run(out string attributes, "lsattr", directory.File()));
        Assert.Contains('C', attributes.Split(' ')[0]);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        List<Extent> before = [.. file.GetExtents()];

        for (int i = 0; i < 16; i += 3)
        {
            region.Write(i * 4096, 1L);
            region.Persist();
        }

        Assert.Equal(before, file.GetExtents());
    }

    [Fact]
    public void In_a_folder_that_compresses_create_makes_a_file_that_is_not_compressed()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        Assert.Null(RealFileSystems.Run("chattr", "+c", directory.Path));
        using DirectFile file = DirectFile.Create(directory.File(), 64 << 10, Options);

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal(BlockMapStability.Stable, region.Facts.BlockMapStability);
    }
}
