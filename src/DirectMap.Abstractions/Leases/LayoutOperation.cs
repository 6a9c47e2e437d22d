namespace DirectMap;

/// <summary>
/// Operations that may change a file's layout (block map or size) or its contents behind a mapping, and so break layout leases.
/// </summary>
public enum LayoutOperation
{
    /// <summary>write(2) and its relatives.</summary>
    Write = 0,

    /// <summary>fallocate(2) without mode, or with FALLOC_FL_KEEP_SIZE: allocates blocks, may grow the file.</summary>
    Allocate = 1,

    /// <summary>fallocate(2) with FALLOC_FL_PUNCH_HOLE: gives blocks back.</summary>
    PunchHole = 2,

    /// <summary>ftruncate(2), in either direction.</summary>
    SetLength = 3,

    /// <summary>fallocate(2) with FALLOC_FL_COLLAPSE_RANGE: takes bytes out, and moves everything behind them.</summary>
    CollapseRange = 4,

    /// <summary>fallocate(2) with FALLOC_FL_INSERT_RANGE: puts a hole in, and moves everything behind it.</summary>
    InsertRange = 5,

    /// <summary>The right to make several operations of any kind (break_layout in the kernel), until it is given back.</summary>
    /// <remarks>
    /// Operations of the same owner within its range are made under it: they wait for neither the right nor those that wait for it.
    /// </remarks>
    BreakLayout = 6,

    /// <summary>fallocate(2) with FALLOC_FL_ZERO_RANGE: makes the bytes zeros, mostly by making their blocks unwritten.</summary>
    ZeroRange = 7,

    /// <summary>fallocate(2) with FALLOC_FL_UNSHARE_RANGE: gives the bytes blocks of their own.</summary>
    UnshareRange = 8,

    /// <summary>ioctl FICLONE or FICLONERANGE, on the file that gets the blocks and on the one that shares its own.</summary>
    CloneRange = 9,

    /// <summary>copy_file_range(2) into the file; also out of it where that may share its blocks.</summary>
    CopyRange = 10,

    /// <summary>ioctl FIDEDUPERANGE, on both files.</summary>
    DedupeRange = 11,

    /// <summary>Giving every byte a written block of its own, content kept.</summary>
    Prepare = 12,

    /// <summary>A store through a mapping that makes the file system allocate, convert or copy blocks.</summary>
    WriteFault = 13,

    /// <summary>mmap(2) of another process, shared, through a descriptor that is open for writing: from then on it may store.</summary>
    MapWritable = 14,

    /// <summary>A call of which nobody can know what it does to the file: io_uring_enter(2), io_submit(2), openat2(2), others.</summary>
    /// <remarks>The flags of openat2 lie in the caller's memory, and io_uring and libaio have their requests there.</remarks>
    Unidentified = 15,
}
