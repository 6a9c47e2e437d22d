using DirectMap.Linux;

namespace DirectMap.Breakers;

/// <summary>What a guarded file is protected from, and why it is not guarded, in words.</summary>
internal static class HoldingWords
{
    internal const string NotHost =
        "this process has a pid namespace of its own, in which nobody can say who makes a system call: run it in the host's (--pid=host)";

    private const string Past =
        "what comes through a loop device over the file, from the movers of blocks of ext4 (EXT4_IOC_MOVE_EXT), or through a descriptor "
            + "that another process has taken from this one, asks nobody";

    internal static Protection Proved { get; } = new(
        ProtectionLevel.Proved,
        $"every process that opens, writes, maps or changes the file waits until the leases in its way are gone; {Past}")
    {
        Engine = ProtectionEngine.PreContent
    };

    internal static Protection NoWriters { get; } = new(
        ProtectionLevel.NoWriters,
        "nobody else had it open for writing, and whoever changes the file waits until the leases in its way are gone; others had it open "
            + $"for reading, and may give its blocks to copies on XFS and btrfs; {Past}")
    {
        Engine = ProtectionEngine.PreContent
    };

    internal static Protection Mapped(string who) => new(
        ProtectionLevel.Watched,
        $"{who} was let map it writable after the leases in the way had gone, and stores through that mapping ask nobody; system "
            + "calls wait as before, and once nobody else has the file open or mapped, the next lease finds that out")
    {
        Engine = ProtectionEngine.PreContent
    };

    internal static string Busy(bool readersToo) => readersToo
        ? "another process has the file open or mapped, and what it does through that would ask nobody: it has to close it first (EBUSY)"
        : "another process has the file open for writing or mapped writable, and what it does through that would ask nobody: it has to "
            + "close it first (EBUSY)";

    internal const string OpenTwice =
        "this process has the file open for reading and for reading and writing since before it was guarded, so nobody can prove that no "
            + "other process has: open it with its guard first";

    internal static string NoGroup(int errno) => errno switch
    {
        Errno.EPERM => "it needs CAP_SYS_ADMIN in the host's user namespace (EPERM)",
        Errno.EINVAL or Errno.ENOSYS => $"the kernel has no pre-content events of fanotify: it needs Linux 6.14 ({ErrnoNames.Of(errno)})",
        _ => $"fanotify has no group for it ({ErrnoNames.Of(errno)})",
    };

    internal static string NoMark(int errno) => errno switch
    {
        Errno.EOPNOTSUPP or Errno.ENODEV or Errno.EXDEV =>
            $"its file system has no pre-content events of fanotify: ext4, XFS and btrfs have ({ErrnoNames.Of(errno)})",
        Errno.EINVAL => "the kernel has no pre-content events of fanotify: it needs Linux 6.14 (EINVAL)",
        Errno.EEXIST => "this process guards it already through another copy of what it is opened with (EEXIST)",
        _ => $"fanotify has no mark for it ({ErrnoNames.Of(errno)})",
    };

    internal static string NoCalls(string missing) =>
        $"what threads of other processes do cannot be seen, which takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, and there is no {missing}";
}
