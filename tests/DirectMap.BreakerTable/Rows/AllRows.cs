namespace DirectMap.BreakerTable.Rows;

/// <summary>All operations, in the order of the page.</summary>
internal static class AllRows
{
    internal static IReadOnlyList<Row> List { get; } =
    [
        .. Writes, .. Space, .. Lengths, .. Copies, .. Views, .. Ways, .. OwnCalls.List, .. LibraryCalls.List, .. AskingCalls.List,
        .. Harmless, .. Likely, .. Readers,
    ];

    private static IEnumerable<Row> Writes =>
    [
        Row.Of(RowKind.Change, "pwrite", "pwrite"),
        Row.Of(RowKind.Change, "pwrite-again", "pwrite, and once more after it was told", "pwrite") with { IsTwice = true },
        Row.Of(RowKind.Change, "write", "write"),
        Row.Of(RowKind.Change, "one-byte", "pwrite of one byte"),
        Row.Of(RowKind.Change, "pwritev2", "pwritev2 (RWF_DSYNC)"),
        Row.Of(RowKind.Change, "pwritev2-nowait", "pwritev2, O_DIRECT (RWF_NOWAIT)"),
        Row.Of(RowKind.Change, "append", "write, O_APPEND"),
        Row.Of(RowKind.Change, "direct", "pwrite, O_DIRECT"),
        Row.Of(RowKind.Change, "thread-pwrite", "pwrite by another thread than the first"),
        Row.Of(RowKind.Change, "early-pwrite", "pwrite by a descriptor from before the guard"),
        Row.Of(RowKind.Change, "early-ftruncate", "ftruncate by a descriptor from before the guard"),
        Row.Of(RowKind.Change, "between-pwrite", "pwrite by a descriptor from between two leases", "early-pwrite")
            with { IsBetweenLeases = true },
        Row.Of(RowKind.Change, "aio", "libaio write"),
        Row.Of(RowKind.Change, "aio-direct", "libaio write, O_DIRECT"),
        Row.Of(RowKind.Change, "ring-write", "io_uring write"),
        Row.Of(RowKind.Change, "ring-polled-write", "io_uring write, SQPOLL"),
        Row.Of(RowKind.Change, "ring-punch", "io_uring fallocate, PUNCH_HOLE"),
        Row.Of(RowKind.Change, "ring-ftruncate", "io_uring ftruncate"),
        Row.Of(RowKind.Change, "ring-open-trunc", "io_uring openat, O_TRUNC"),
        Row.Of(RowKind.Change, "int-80", "int 0x80, pwrite64"),
        Row.Of(RowKind.Change, "int-80-open-trunc", "int 0x80, openat, O_TRUNC"),
    ];

    private static IEnumerable<Row> Space =>
    [
        Row.Of(RowKind.Change, "allocate", "fallocate of what is allocated"),
        Row.Of(RowKind.Change, "allocate-grow", "fallocate beyond the end"),
        Row.Of(RowKind.Change, "allocate-keep-size", "fallocate beyond the end, KEEP_SIZE"),
        Row.Of(RowKind.Change, "punch", "fallocate, PUNCH_HOLE"),
        Row.Of(RowKind.Change, "zero", "fallocate, ZERO_RANGE"),
        Row.Of(RowKind.Change, "zero-keep-size", "fallocate, ZERO_RANGE and KEEP_SIZE"),
        Row.Of(RowKind.Change, "write-zeroes", "fallocate, WRITE_ZEROES"),
        Row.Of(RowKind.Change, "collapse", "fallocate, COLLAPSE_RANGE"),
        Row.Of(RowKind.Change, "insert", "fallocate, INSERT_RANGE"),
        Row.Of(RowKind.Change, "unshare", "fallocate, UNSHARE_RANGE"),
    ];

    private static IEnumerable<Row> Lengths =>
    [
        Row.Of(RowKind.Change, "truncate", "truncate, shorter"),
        Row.Of(RowKind.Change, "truncate-up", "truncate, longer"),
        Row.Of(RowKind.Change, "truncate-same", "truncate to the length that it has"),
        Row.Of(RowKind.Change, "ftruncate", "ftruncate, shorter"),
        Row.Of(RowKind.Change, "ftruncate-up", "ftruncate, longer"),
        Row.Of(RowKind.Change, "ftruncate-same", "ftruncate to the length that it has"),
        Row.Of(RowKind.Change, "open-trunc", "open, O_WRONLY and O_TRUNC"),
        Row.Of(RowKind.Change, "open-trunc-nonblock", "open, O_TRUNC and O_NONBLOCK"),
        Row.Of(RowKind.Change, "open-read-trunc", "open, O_RDONLY and O_TRUNC"),
        Row.Of(RowKind.Change, "creat", "creat"),
        Row.Of(RowKind.Change, "openat2-trunc", "openat2, O_TRUNC"),
        Row.Of(RowKind.Change, "lease-ftruncate", "F_SETLEASE F_WRLCK, which is refused, and ftruncate"),
    ];

    private static IEnumerable<Row> Copies =>
    [
        Row.Of(RowKind.Change, "clone-into", "FICLONE into it"),
        Row.Of(RowKind.Change, "clone-range-into", "FICLONERANGE into it"),
        Row.Of(RowKind.Shares, "dedupe-into", "FIDEDUPERANGE, it as destination"),
        Row.Of(RowKind.Change, "copy-range-into", "copy_file_range into it"),
        Row.Of(RowKind.Change, "sendfile-into", "sendfile into it"),
        Row.Of(RowKind.Change, "splice-into", "splice into it"),
        Row.Of(RowKind.Change, "cp-over", "cp over it"),
        Row.Of(RowKind.Shares, "clone-from", "FICLONE from it"),
        Row.Of(RowKind.Shares, "clone-range-from", "FICLONERANGE from it"),
        Row.Of(RowKind.Shares, "dedupe-from", "FIDEDUPERANGE, it as source"),
        Row.Of(RowKind.Shares, "copy-range-from", "copy_file_range from it"),
        Row.Of(RowKind.Shares, "cp-from", "cp from it"),
        Row.Of(RowKind.Harmless, "sendfile-from", "sendfile from it"),
        Row.Of(RowKind.Harmless, "splice-from", "splice from it"),
        Row.Of(RowKind.Harmless, "cp-without-reflink", "cp --reflink=never from it"),
    ];

    private static IEnumerable<Row> Views =>
    [
        Row.Of(RowKind.Change, "madvise-remove", "MADV_REMOVE through its own mapping"),
        Row.Of(RowKind.Change, "mmap-before", "store through a mapping from before the guard", "mmap-early"),
        Row.Of(RowKind.Change, "mmap-between", "store through a mapping from between two leases", "mmap-early")
            with { IsBetweenLeases = true },
        Row.Of(RowKind.Change, "mmap-during", "mmap for writing and store", "mmap-late"),
        Row.Of(RowKind.Change, "mprotect-before", "mprotect and store, mapped before the guard", "mprotect-early"),
        Row.Of(RowKind.Change, "mprotect-between", "mprotect and store, mapped between two leases", "mprotect-early")
            with { IsBetweenLeases = true },
        Row.Of(RowKind.Change, "mprotect-during", "mmap for reading, mprotect and store", "mprotect-late"),
        Row.Of(RowKind.Change, "loop-device", "write to a loop device over it") with { NeedsRoot = true },
        Row.Of(RowKind.Change, "move-extent", "EXT4_IOC_MOVE_EXT (e4defrag)") with { FileSystem = "ext4" },
        Row.Of(RowKind.Change, "swap-extents", "XFS_IOC_SWAPEXT (xfs_fsr)") with { FileSystem = "XFS" },
    ];

    private static IEnumerable<Row> Ways =>
    [
        Row.Of(RowKind.Change, "hard-link", "pwrite through a hard link"),
        Row.Of(RowKind.Change, "path-descriptor", "pwrite, opened by way of an O_PATH descriptor"),
        Row.Of(RowKind.Change, "proc-fd", "pwrite, opened by the holder's /proc/PID/fd"),
        Row.Of(RowKind.Change, "shared-description", "pwrite through the holder's own description (pidfd_getfd)"),
        Row.Of(RowKind.Change, "bind-mount", "pwrite through a bind mount"),
        Row.Of(RowKind.Change, "mount-namespace", "pwrite from another mount namespace"),
        Row.Of(RowKind.Change, "pid-namespace", "pwrite from another pid namespace"),
        Row.Of(RowKind.Change, "user-namespace", "pwrite from another user namespace"),
        Row.Of(RowKind.Change, "handle-trunc", "open_by_handle_at, O_TRUNC") with { NeedsRoot = true },
        Row.Below("upper-pwrite", "pwrite to the upper layer's file, past the overlay", "pwrite"),
        Row.Below("upper-truncate", "truncate of the upper layer's file, past the overlay", "truncate"),
    ];

    private static IEnumerable<Row> Harmless =>
    [
        Row.Of(RowKind.Harmless, "pread", "pread"),
        Row.Of(RowKind.Harmless, "direct-pread", "pread, O_DIRECT"),
        Row.Of(RowKind.Harmless, "mmap-read", "mmap for reading, and a load"),
        Row.Of(RowKind.Harmless, "mmap-private", "mmap, private and for writing, and a store"),
        Row.Of(RowKind.Harmless, "reads", "read, readv, preadv, preadv2"),
        Row.Of(RowKind.Harmless, "aio-read", "libaio read"),
        Row.Of(RowKind.Harmless, "aio-direct-read", "libaio read, O_DIRECT"),
        Row.Of(RowKind.Harmless, "ring-read", "io_uring read"),
        Row.Of(RowKind.Harmless, "ring-polled-read", "io_uring read, SQPOLL"),
        Row.Of(RowKind.Harmless, "stat", "stat"),
        Row.Of(RowKind.Harmless, "open-for-writing", "open for writing, and close"),
        Row.Of(RowKind.Harmless, "fsync", "fsync"),
        Row.Of(RowKind.Harmless, "empty-write", "pwrite of no byte"),
        Row.Of(RowKind.Harmless, "rename", "rename"),
        Row.Of(RowKind.Harmless, "replace", "rename of another file over it"),
        Row.Of(RowKind.Harmless, "link", "link"),
        Row.Of(RowKind.Harmless, "unlink", "unlink"),
        Row.Of(RowKind.Harmless, "chmod", "chmod"),
        Row.Of(RowKind.Harmless, "utimens", "utimensat"),
        Row.Of(RowKind.Harmless, "setxattr", "setxattr"),
        Row.Of(RowKind.Harmless, "exec", "exec"),
    ];

    private static IEnumerable<Row> Likely =>
    [
        Row.Of(RowKind.Likely, "failing-write", "pwrite that fails"),
        Row.Of(RowKind.Likely, "int-80-read", "int 0x80, pread64"),
        Row.Of(RowKind.Likely, "openat2-read", "openat2 for reading"),
        Row.Of(RowKind.Likely, "openat2-write", "openat2 for writing, without O_TRUNC"),
        Row.Of(RowKind.Likely, "ring-open-read", "io_uring openat for reading"),
        Row.Of(RowKind.Likely, "mmap-read-writable", "mmap for reading, of a descriptor for writing, and a load"),
    ];

    private static IEnumerable<Row> Readers =>
    [
        Row.Of(RowKind.Harmless, "reader-pread", "pread by a descriptor for reading from before the guard"),
        Row.Of(RowKind.Harmless, "reader-mmap", "mmap by a descriptor for reading from before the guard, and a load"),
        Row.Of(RowKind.Harmless, "reader-load", "load through a mapping for reading from before the guard"),
        Row.Of(RowKind.Shares, "reader-clone-from", "FICLONE from it by a descriptor for reading from before the guard"),
    ];
}
