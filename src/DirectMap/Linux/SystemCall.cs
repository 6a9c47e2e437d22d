namespace DirectMap.Linux;

/// <summary>System calls that wait for the answer to an event of fanotify, by the kernel's names.</summary>
internal enum SystemCall
{
    /// <summary>One that is not in this list, or of another ABI (i386, x32), or none.</summary>
    Unknown,

    read,
    pread64,
    readv,
    preadv,
    preadv2,
    write,
    pwrite64,
    writev,
    pwritev,
    pwritev2,
    mmap,
    open,
    openat,
    openat2,
    creat,
    open_by_handle_at,
    execve,
    execveat,
    truncate,
    ftruncate,
    fallocate,
    ioctl,
    madvise,
    copy_file_range,
    sendfile,
    splice,
    io_uring_setup,
    io_uring_enter,
    io_submit,
}
