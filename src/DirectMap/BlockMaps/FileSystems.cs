using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.BlockMaps;

/// <summary>What is known of file systems by their magic numbers (linux/magic.h).</summary>
internal static class FileSystems
{
    private const uint EXT4_SUPER_MAGIC = 0xEF53; // ext2 and ext3 too
    private const uint XFS_SUPER_MAGIC = 0x58465342;
    private const uint BTRFS_SUPER_MAGIC = 0x9123683E;
    private const uint TMPFS_MAGIC = 0x01021994;
    private const uint F2FS_SUPER_MAGIC = 0xF2F52010;
    private const uint BCACHEFS_SUPER_MAGIC = 0xCA451A4E;
    private const uint ZFS_SUPER_MAGIC = 0x2FC12FC1;
    private const uint NILFS_SUPER_MAGIC = 0x3434;
    private const uint OVERLAYFS_SUPER_MAGIC = 0x794C7630;
    private const uint NFS_SUPER_MAGIC = 0x6969;
    private const uint FUSE_SUPER_MAGIC = 0x65735546;
    private const uint V9FS_MAGIC = 0x01021997;

    /// <param name="Name">As in /proc/filesystems.</param>
    /// <param name="Stability">Whether it leaves written blocks where they are.</param>
    /// <param name="IsVolatile">Whether its files live in memory only.</param>
    /// <param name="ReadersMayGoStale">Whether a read-only descriptor may show a file that later writers no longer write: overlayfs copies a lower layer's file up for the first of them.</param>
    /// <param name="BlockSize">Size of a block in bytes; 0 where it was not asked for.</param>
    internal readonly record struct FileSystem(string Name, BlockMapStability Stability, bool IsVolatile = false, bool ReadersMayGoStale = false, long BlockSize = 0);

    internal static FileSystem Of(SafeFileHandle file, string pathForMessages)
    {
        (uint magic, long blockSize) = Statfs.Of(file, pathForMessages);
        return Of(magic) with { BlockSize = blockSize };
    }

    internal static FileSystem Of(uint magic) => magic switch
    {
        EXT4_SUPER_MAGIC => new("ext4", BlockMapStability.Stable),
        XFS_SUPER_MAGIC => new("xfs", BlockMapStability.Stable),
        TMPFS_MAGIC => new("tmpfs", BlockMapStability.Stable, IsVolatile: true),
        BTRFS_SUPER_MAGIC => new("btrfs", BlockMapStability.Moves),
        F2FS_SUPER_MAGIC => new("f2fs", BlockMapStability.Moves),
        BCACHEFS_SUPER_MAGIC => new("bcachefs", BlockMapStability.Moves),
        ZFS_SUPER_MAGIC => new("zfs", BlockMapStability.Moves),
        NILFS_SUPER_MAGIC => new("nilfs2", BlockMapStability.Moves),
        OVERLAYFS_SUPER_MAGIC => new("overlay", BlockMapStability.Unverified, ReadersMayGoStale: true),
        NFS_SUPER_MAGIC => new("nfs", BlockMapStability.Unverified),
        FUSE_SUPER_MAGIC => new("fuse", BlockMapStability.Unverified),
        V9FS_MAGIC => new("9p", BlockMapStability.Unverified),
        _ => new($"file system 0x{magic:x}", BlockMapStability.Unverified),
    };
}
