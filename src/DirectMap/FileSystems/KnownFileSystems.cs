using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.FileSystems;

/// <summary>What is known of file systems by their magic numbers (linux/magic.h), and of files on them.</summary>
internal static class KnownFileSystems
{
    internal const uint BTRFS_SUPER_MAGIC = 0x9123683E;
    private const uint EXT4_SUPER_MAGIC = 0xEF53; // ext2 and ext3 too
    private const uint XFS_SUPER_MAGIC = 0x58465342;
    private const uint TMPFS_MAGIC = 0x01021994;
    private const uint F2FS_SUPER_MAGIC = 0xF2F52010;
    private const uint BCACHEFS_SUPER_MAGIC = 0xCA451A4E;
    private const uint ZFS_SUPER_MAGIC = 0x2FC12FC1;
    private const uint NILFS_SUPER_MAGIC = 0x3434;
    private const uint OVERLAYFS_SUPER_MAGIC = 0x794C7630;
    private const uint NFS_SUPER_MAGIC = 0x6969;
    private const uint FUSE_SUPER_MAGIC = 0x65735546;
    private const uint V9FS_MAGIC = 0x01021997;
    private const uint HUGETLBFS_MAGIC = 0x958458F6;

    private const string Elsewhere = "put the file on ext4, XFS or tmpfs";

    /// <summary>There in kernels with XFS_DEBUG only; a mounted file system took it over when it was mounted.</summary>
    private const string XfsAlwaysCopyOnWrite = "/sys/fs/xfs/debug/always_cow";

    internal static FileSystem Of(SafeFileHandle file, string pathForMessages)
    {
        (uint magic, long blockSize) = Statfs.Of(file, pathForMessages);
        long copyWindow = magic == XFS_SUPER_MAGIC ? XfsIoctl.CopyWindow(file, blockSize) : 0;
        return Of(magic, TraitsOf(file, magic)) with
        {
            BlockSize = blockSize,
            LayoutUnit = Math.Max(blockSize, copyWindow),
            CopiesAhead = copyWindow > 0
        };
    }

    internal static FileSystem Of(uint magic, FileTraits traits = default) => magic switch
    {
        EXT4_SUPER_MAGIC => new("ext4", BlockMapStability.Stable, NeverShares: true),
        XFS_SUPER_MAGIC when traits.IsZoned => Moving(
            "xfs",
            "its zoned real-time section is never overwritten in place; put the file on the data section (xfs_io -c 'chattr -r' on "
                + "the empty file), or on ext4"),
        XFS_SUPER_MAGIC when traits.IsAlwaysCopyOnWrite =>
            Moving("xfs", $"it was told never to overwrite in place; mount it again with {XfsAlwaysCopyOnWrite} set to 0"),
        XFS_SUPER_MAGIC => new("xfs", BlockMapStability.Stable),
        TMPFS_MAGIC => new("tmpfs", BlockMapStability.Stable, IsVolatile: true, NeverShares: true),
        BTRFS_SUPER_MAGIC when traits.IsNoCopyOnWrite => new("btrfs", BlockMapStability.Stable, IsNoCopyOnWrite: true),
        BTRFS_SUPER_MAGIC => Moving(
            "btrfs",
            "only files made with the NOCOW attribute stay put, and an existing file cannot become one: make a new one with "
                + "DirectFile.Create (or chattr +C on an empty file) and copy the content, or " + Elsewhere),
        F2FS_SUPER_MAGIC => Moving("f2fs", Elsewhere),
        BCACHEFS_SUPER_MAGIC => Moving("bcachefs", Elsewhere),
        ZFS_SUPER_MAGIC => Moving("zfs", Elsewhere),
        NILFS_SUPER_MAGIC => Moving("nilfs2", Elsewhere),
        OVERLAYFS_SUPER_MAGIC => Unverified("overlay") with { ReadersMayGoStale = true },
        NFS_SUPER_MAGIC => Unverified("nfs"),
        FUSE_SUPER_MAGIC => Unverified("fuse"),
        V9FS_MAGIC => Unverified("9p"),
        HUGETLBFS_MAGIC => Unverified("hugetlbfs") with { IsVolatile = true, HasHugePages = true },
        _ => Unverified($"file system 0x{magic:x}"),
    };

    /// <summary>
    /// Whether a failure to write is told to each description of the file, whatever others were told, and is kept in no other way. Of other
    /// file systems it was not looked up, or it depends on what lies below.
    /// </summary>
    internal static bool ReportsToEachDescription(SafeFileHandle file, string pathForMessages) =>
        Statfs.Of(file, pathForMessages).Type is EXT4_SUPER_MAGIC or XFS_SUPER_MAGIC;

    private static FileSystem Moving(string name, string remedy) => new(name, BlockMapStability.Moves, Remedy: remedy);

    private static FileSystem Unverified(string name) => new(
        name, BlockMapStability.Unverified, Remedy: $"ask for emulated persistent memory (MapOptions.DirectOrEmulated), or {Elsewhere}");

    private static FileTraits TraitsOf(SafeFileHandle file, uint magic) => magic switch
    {
        // Unknown flags count as copy on write.
        BTRFS_SUPER_MAGIC =>
            new(IsNoCopyOnWrite: InodeFlags.TryGet(file, out InodeFlags.Flags flags) == 0 && flags.HasFlag(InodeFlags.Flags.FS_NOCOW_FL)),
        XFS_SUPER_MAGIC => new(IsZoned: XfsIoctl.IsZoned(file), IsAlwaysCopyOnWrite: ProcSys.ReadNumber(XfsAlwaysCopyOnWrite, 0) != 0),
        _ => default,
    };
}
