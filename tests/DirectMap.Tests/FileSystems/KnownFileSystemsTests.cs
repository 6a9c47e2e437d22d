using DirectMap.FileSystems;

namespace DirectMap.Tests.FileSystems;

public sealed class KnownFileSystemsTests
{
    private const uint Ext4 = 0xEF53, Xfs = 0x58465342, Tmpfs = 0x01021994, Btrfs = 0x9123683E, F2fs = 0xF2F52010, Bcachefs = 0xCA451A4E,
        Zfs = 0x2FC12FC1, Nilfs2 = 0x3434, Overlay = 0x794C7630, Nfs = 0x6969, Fuse = 0x65735546, Plan9 = 0x01021997;

    public static TheoryData<uint> Known => [Ext4, Xfs, Tmpfs, Btrfs, F2fs, Bcachefs, Zfs, Nilfs2, Overlay, Nfs, Fuse, Plan9];

    [Theory]
    [InlineData(Ext4, "ext4", BlockMapStability.Stable)]
    [InlineData(Xfs, "xfs", BlockMapStability.Stable)]
    [InlineData(Tmpfs, "tmpfs", BlockMapStability.Stable)]
    [InlineData(Btrfs, "btrfs", BlockMapStability.Moves)]
    [InlineData(F2fs, "f2fs", BlockMapStability.Moves)]
    [InlineData(Bcachefs, "bcachefs", BlockMapStability.Moves)]
    [InlineData(Zfs, "zfs", BlockMapStability.Moves)]
    [InlineData(Nilfs2, "nilfs2", BlockMapStability.Moves)]
    [InlineData(Overlay, "overlay", BlockMapStability.Unverified)]
    [InlineData(Nfs, "nfs", BlockMapStability.Unverified)]
    [InlineData(Fuse, "fuse", BlockMapStability.Unverified)]
    [InlineData(Plan9, "9p", BlockMapStability.Unverified)]
    [InlineData(0x12345678, "file system 0x12345678", BlockMapStability.Unverified)]
    [InlineData(0, "file system 0x0", BlockMapStability.Unverified)]
    public void A_file_system_is_known_by_its_magic_number_and_an_unknown_one_is_unverified(
        uint magic, string name, BlockMapStability stability)
    {
        FileSystem fileSystem = KnownFileSystems.Of(magic);

        Assert.Equal(name, fileSystem.Name);
        Assert.Equal(stability, fileSystem.Stability);
    }

    [Theory]
    [InlineData(Btrfs, true, false, false, BlockMapStability.Stable)]
    [InlineData(Btrfs, false, true, true, BlockMapStability.Moves)]
    [InlineData(Xfs, false, true, false, BlockMapStability.Moves)]
    [InlineData(Xfs, false, false, true, BlockMapStability.Moves)]
    [InlineData(Xfs, false, true, true, BlockMapStability.Moves)]
    [InlineData(Xfs, true, false, true, BlockMapStability.Moves)]
    [InlineData(Xfs, true, false, false, BlockMapStability.Stable)]
    [InlineData(F2fs, true, false, false, BlockMapStability.Moves)]
    [InlineData(Bcachefs, true, false, false, BlockMapStability.Moves)]
    [InlineData(Ext4, true, true, true, BlockMapStability.Stable)]
    [InlineData(Overlay, true, false, false, BlockMapStability.Unverified)]
    public void A_trait_counts_only_where_it_means_something(
        uint magic, bool noCopyOnWrite, bool zoned, bool alwaysCopyOnWrite, BlockMapStability expected) =>
        Assert.Equal(expected, KnownFileSystems.Of(magic, new FileTraits(noCopyOnWrite, zoned, alwaysCopyOnWrite)).Stability);

    [Theory]
    [InlineData(true, false, "zoned")]
    [InlineData(false, true, "always_cow")]
    public void What_makes_XFS_move_blocks_is_named_and_so_is_what_to_do(bool zoned, bool alwaysCopyOnWrite, string word) =>
        Assert.Contains(
            word,
            KnownFileSystems.Of(Xfs, new FileTraits(IsZoned: zoned, IsAlwaysCopyOnWrite: alwaysCopyOnWrite)).Remedy,
            StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Known))]
    public void Where_blocks_do_not_stay_there_is_a_remedy_and_where_they_do_none_is_needed(uint magic)
    {
        FileSystem fileSystem = KnownFileSystems.Of(magic);

        Assert.Equal(fileSystem.Stability != BlockMapStability.Stable, !string.IsNullOrEmpty(fileSystem.Remedy));
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void Only_tmpfs_lives_in_memory_only_overlayfs_leaves_readers_behind_and_only_what_has_no_reflink_never_shares(uint magic)
    {
        FileSystem fileSystem = KnownFileSystems.Of(magic);

        Assert.Equal(magic == Tmpfs, fileSystem.IsVolatile);
        Assert.Equal(magic == Overlay, fileSystem.ReadersMayGoStale);
        Assert.Equal(magic is Ext4 or Tmpfs, fileSystem.NeverShares);
    }
}
