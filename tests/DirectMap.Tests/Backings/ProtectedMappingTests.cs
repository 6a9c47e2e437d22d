using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Backings;

/// <summary>Mapping what the kernel protects: files whose attributes, seals or use forbid what a store would do.</summary>
public sealed class ProtectedMappingTests(RealFileSystems fileSystems) : FileTest
{
    private const int EPERM = 1;

    public static MatrixTheoryData<string, string> Marked =>
        new([RealFileSystems.Ext4, RealFileSystems.Xfs, RealFileSystems.BtrfsNoCow, RealFileSystems.Tmpfs], ["i", "a"]);

    [Theory]
    [MemberData(nameof(Marked))]
    public void A_file_that_was_made_immutable_or_append_only_after_it_was_opened_is_mapped_for_reading_only(
        string fileSystem, string attribute)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using DirectFile file = DirectFile.Create(directory.File(), 64 << 10, Options);
        using DirectFile reader = DirectFile.Open(directory.File(), Options with { Access = FileAccess.Read });
        Assert.Null(RealFileSystems.Run("chattr", $"+{attribute}", directory.File()));
        try
        {
            foreach (MapOptions options in (MapOptions[])[
                MapOptions.DirectOrEmulated,
                MapOptions.FrozenLayout,
                MapOptions.Ordinary,
                MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess }
            ])
            {
                Assert.Equal(EPERM, Assert.Throws<UnauthorizedAccessException>(() => file.Map(options)).HResult);
            }

            Assert.Equal(EPERM, Assert.Throws<UnauthorizedAccessException>(() => file.Prepare()).HResult);
            using MappedRegion region = reader.Map(MapOptions.DirectOrEmulated);
            Assert.Equal(0, region.Read<byte>(0));
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("chattr", $"-{attribute}", directory.File()));
        }

        file.Map(MapOptions.DirectOrEmulated).Dispose();
    }

    /// <summary>ext4 asks at the first store to a page whether the file may be changed at all.</summary>
    [Fact]
    public void A_store_to_a_file_that_was_made_immutable_under_its_mapping_is_an_exception_that_knows_no_cause()
    {
        Requires.Native();
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4);
        using DirectFile file = DirectFile.Create(directory.File(), 64 << 10, Options);
        using MappedRegion region = file.Map(
            MapOptions.Ordinary with { FaultReach = FaultReach.Page, FaultContainment = FaultContainment.Required });
        Assert.Null(RealFileSystems.Run("chattr", "+i", directory.File()));
        try
        {
            MappingFaultException fault = Assert.Throws<MappingFaultException>(() => region.Write(5 * PageSize, 1L));

            Assert.Equal(
                (FaultCause.Unknown, FaultAccess.Write, new FileRange(5 * PageSize, PageSize)),
                (fault.Cause, fault.Access, fault.Lost!.Value));
            Assert.Equal(0L, region.Read<long>(0));
            Assert.Equal([new FileRange(5 * PageSize, PageSize)], region.RestoreLostPages());
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("chattr", "-i", directory.File()));
        }

        Assert.Empty(region.RestoreLostPages());
        region.Write(5 * PageSize, 1L);
        region.Persist();
    }

    [Fact]
    public void A_file_in_use_as_swap_space_cannot_be_mapped_for_writing()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4);
        using DirectFile file = DirectFile.Create(directory.File(), 1 << 20, Options);
        File.SetUnixFileMode(file.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Null(RealFileSystems.Run("mkswap", "-q", file.Path));
        string? failure = RealFileSystems.Run("swapon", file.Path);
        Requires.Have("swap", failure is null, $"cannot swap to a file: {failure}");
        try
        {
            Assert.Equal(26, Assert.Throws<IOException>(() => file.Map(MapOptions.DirectOrEmulated)).HResult);
            Assert.Equal(26, Assert.Throws<IOException>(() => file.Map(MapOptions.Ordinary)).HResult);
            Assert.Empty(file.GetLeases());
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });
            Assert.Equal((byte)'S', region.Read<byte>(4086)); // SWAPSPACE2
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("swapoff", file.Path));
        }
    }

    [Theory]
    [InlineData(PlainCalls.SealWrite, false)]
    [InlineData(PlainCalls.SealFutureWrite, false)]
    [InlineData(PlainCalls.SealShrink | PlainCalls.SealGrow, true)]
    public void A_sealed_file_in_memory_is_mapped_for_writing_only_where_its_seals_allow_it(int seals, bool writable)
    {
        using SafeFileHandle memory = PlainCalls.Memfd();
        RandomAccess.Write(memory, new byte[64 << 10], 0);
        using DirectFile file = DirectFile.Open($"/proc/self/fd/{memory.DangerousGetHandle()}", Options);
        Assert.Equal(0, PlainCalls.Seal(memory, seals).Errno);

        if (writable)
        {
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            region.Write(0, 1L);
        }
        else
        {
            Assert.Equal(EPERM, Assert.Throws<UnauthorizedAccessException>(() => file.Map(MapOptions.DirectOrEmulated)).HResult);
            Assert.Equal(EPERM, Assert.Throws<UnauthorizedAccessException>(() => file.Map(MapOptions.Ordinary)).HResult);
            Assert.Empty(file.GetLeases());
        }

        using MappedRegion reading = file.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });
    }

    [Fact]
    public void Compressed_data_is_refused_for_writing_even_where_blocks_that_move_are_allowed()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        Assert.Null(RealFileSystems.Run("chattr", "+c", directory.Path));
        File.WriteAllBytes(directory.File(), new byte[256 << 10].Select((_, i) => (byte)(i >> 12)).ToArray());
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        file.Flush();
        Assert.Contains(file.GetExtents(), extent => extent.Flags.HasFlag(ExtentFlags.Encoded));
        MapOptions moving = MapOptions.FrozenLayout with
        {
            FaultPolicy = FaultPolicies.Except(FaultPolicies.FrozenLayout, RefusalReason.BlockMapMoves)
        };

        Assert.Equal(RefusalReason.EncodedExtent, Assert.Throws<MapRefusedException>(() => file.Map(moving)).Reason);
        Assert.Equal(RefusalReason.BlockMapMoves, Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.FrozenLayout)).Reason);
        file.Map(moving with { Access = MappingAccess.Read }).Dispose();
    }
}
