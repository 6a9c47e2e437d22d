namespace DirectMap;

/// <summary>Whether a file system leaves a file's written blocks where they are.</summary>
public enum BlockMapStability
{
    /// <summary>
    /// Nobody can say: the file system hides its blocks or passes the file through (overlayfs, NFS, FUSE, 9p, unknown ones).
    /// </summary>
    Unverified = 0,

    /// <summary>Written, unshared blocks stay put (ext4, XFS, tmpfs, btrfs with the NOCOW attribute).</summary>
    Stable = 1,

    /// <summary>
    /// The file system moves blocks by itself (copy on write or log-structured): btrfs without NOCOW, f2fs, bcachefs, ZFS, nilfs2,
    /// zoned and always-CoW XFS.
    /// </summary>
    Moves = 2,
}
