using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// fanotify_init(2) and fanotify_mark(2) as a process with CAP_SYS_ADMIN may use them since Linux 6.14: whoever reads, writes, maps or
/// changes a marked file waits for an answer before anything happens (FAN_CLASS_PRE_CONTENT). The kernel knows an event by the number of
/// its descriptor: it is answered before that is closed, and by nobody else.
/// </summary>
internal static unsafe partial class PreContent
{
    /// <summary>FAN_OPEN_PERM: the file is going to be opened.</summary>
    internal const ulong FAN_OPEN_PERM = 0x10000;

    /// <summary>FAN_PRE_ACCESS: bytes of it are going to be read, written, mapped or given another layout.</summary>
    internal const ulong FAN_PRE_ACCESS = 0x100000;

    /// <summary>Bytes of the largest event: the descriptor, and the range.</summary>
    internal const int MaxEvent = 64;

    private const uint FAN_CLOEXEC = 0x1;
    private const uint FAN_NONBLOCK = 0x2;
    private const uint FAN_CLASS_PRE_CONTENT = 0x8;
    private const uint FAN_UNLIMITED_QUEUE = 0x10;
    private const uint FAN_UNLIMITED_MARKS = 0x20;
    private const uint FAN_REPORT_TID = 0x100;
    private const uint FAN_REPORT_FD_ERROR = 0x2000;
    private const uint FAN_MARK_ADD = 0x1;
    private const uint FAN_MARK_REMOVE = 0x2;
    private const uint FAN_MARK_IGNORED_SURV_MODIFY = 0x40;
    private const uint FAN_MARK_IGNORE = 0x400;
    private const byte FAN_EVENT_INFO_TYPE_RANGE = 6;
    private const uint FAN_ALLOW = 1;
    private const uint FAN_DENY = 2;
    private const int ErrnoShift = 24; // FAN_DENY_ERRNO
    private const uint O_NONBLOCK = 0x800; // An owner's own lease on the file must not stop the thread that opens it for the event.
    private const uint O_CLOEXEC = 0x80000;

    /// <summary>O_LARGEFILE by its number: 64-bit programs need it for the descriptors that the kernel makes for them.</summary>
    private static uint O_LARGEFILE => RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x20000u : 0x8000u;

    /// <summary>Makes a group whose events are waited for by poll(2), and read without waiting.</summary>
    /// <returns>0, or the error number: EPERM without CAP_SYS_ADMIN in the first user namespace, EINVAL and ENOSYS from kernels that have
    /// no such events.</returns>
    internal static int TryInit(out SafeFileHandle group)
    {
        const uint Flags = FAN_CLOEXEC | FAN_NONBLOCK | FAN_CLASS_PRE_CONTENT | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS | FAN_REPORT_TID
            | FAN_REPORT_FD_ERROR;
        int descriptor = Fanotify.Init(Flags, O_NONBLOCK | O_CLOEXEC | O_LARGEFILE);
        int errno = descriptor < 0 ? Errno.Last : 0;
        group = new SafeFileHandle(descriptor, ownsHandle: true);
        return errno;
    }

    /// <summary>From now on whoever opens the file waits, and whatever he does through what he has opened.</summary>
    /// <returns>0, or the error number: EOPNOTSUPP where the file system has no such events, EACCES where the caller may not read the
    /// file, EINVAL where the kernel does not know them.</returns>
    internal static int TryMark(SafeFileHandle group, SafeFileHandle file) =>
        Fanotify.Mark(group, FAN_MARK_ADD, FAN_PRE_ACCESS | FAN_OPEN_PERM, file, null) == 0 ? 0 : Errno.Last;

    /// <summary>
    /// Who has the file open does not wait for the moment, though it stays marked: whoever opens it meanwhile waits for that, and for
    /// whatever he does as soon as this is over.
    /// </summary>
    /// <returns>0, or the error number.</returns>
    internal static int TrySuspend(SafeFileHandle group, SafeFileHandle file) =>
        Ignore(group, FAN_MARK_ADD | FAN_MARK_IGNORED_SURV_MODIFY, file);

    /// <summary>Whoever does something from now on waits.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryResume(SafeFileHandle group, SafeFileHandle file) => Ignore(group, FAN_MARK_REMOVE, file);

    /// <summary>Nobody waits any more; what waits already still wants its answer.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryUnmark(SafeFileHandle group, SafeFileHandle file) =>
        Fanotify.Mark(group, FAN_MARK_REMOVE, FAN_PRE_ACCESS | FAN_OPEN_PERM, file, null) == 0 ? 0 : Errno.Last;

    /// <summary>Answers an event.</summary>
    /// <param name="group">Where it was read.</param>
    /// <param name="descriptor">Its descriptor, still open.</param>
    /// <param name="errno">0 lets the operation go; else what it fails with: EPERM, EIO, EBUSY, ETXTBSY, EAGAIN, ENOSPC or EDQUOT.</param>
    /// <returns>0, or the error number: ENOENT where nobody waits any more, since the thread was killed; EINVAL where the kernel does not
    /// take this error number.</returns>
    internal static int TryAnswer(SafeFileHandle group, int descriptor, int errno)
    {
        Response response = new()
        {
            Descriptor = descriptor,
            Answer = errno == 0 ? FAN_ALLOW : FAN_DENY | ((uint)errno << ErrnoShift)
        };
        return Write(group, &response, (nuint)sizeof(Response)) < 0 ? Errno.Last : 0;
    }

    /// <summary>Closes the descriptor of an event that is answered: nothing owns it but who has read the event.</summary>
    internal static void Close(int descriptor) => _ = CloseNumber(descriptor);

    /// <summary>Takes the next event from what was read.</summary>
    /// <param name="events">What was read; what comes behind the event is left.</param>
    /// <param name="taken">The event.</param>
    /// <returns>False: there is none.</returns>
    internal static bool TryTake(ref ReadOnlySpan<byte> events, out Event taken)
    {
        taken = default;
        if (events.Length < sizeof(Metadata))
        {
            return false;
        }

        Metadata head = MemoryMarshal.Read<Metadata>(events);
        if (head.Length < sizeof(Metadata) || head.Length > events.Length)
        {
            return false;
        }

        (long offset, long count) = RangeOf(events[head.HeaderLength..(int)head.Length]);
        taken = new Event(head.Mask, head.Descriptor, head.Thread, offset, count);
        events = events[(int)head.Length..];
        return true;
    }

    private static (long Offset, long Count) RangeOf(ReadOnlySpan<byte> records)
    {
        while (records.Length >= sizeof(RangeRecord))
        {
            RangeRecord record = MemoryMarshal.Read<RangeRecord>(records);
            if (record.Type == FAN_EVENT_INFO_TYPE_RANGE)
            {
                return (record.Offset, record.Count);
            }

            if (record.Length == 0 || record.Length > records.Length)
            {
                break;
            }

            records = records[record.Length..];
        }

        return (0, 0);
    }

    private static int Ignore(SafeFileHandle group, uint flags, SafeFileHandle file) =>
        Fanotify.Mark(group, flags | FAN_MARK_IGNORE, FAN_PRE_ACCESS, file, null) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle group, Response* response, nuint length);

    [LibraryImport(Libc.Name, EntryPoint = "close")]
    private static partial int CloseNumber(int descriptor);

    /// <param name="Mask">What is going to happen.</param>
    /// <param name="Descriptor">Of the file, to be answered by and then closed; -errno where there was none for it, and then the operation
    /// has failed with EPERM.</param>
    /// <param name="Thread">Which thread is going to do it; 0 where it is in another pid namespace.</param>
    /// <param name="Offset">First of the bytes that it is about, rounded down to pages.</param>
    /// <param name="Count">How many, rounded up to pages; 0 where the kernel does not say.</param>
    internal readonly record struct Event(ulong Mask, int Descriptor, int Thread, long Offset, long Count);

    /// <summary>struct fanotify_event_metadata</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Metadata
    {
        internal readonly uint Length;
        internal readonly byte Version;
        internal readonly byte Reserved;
        internal readonly ushort HeaderLength;
        internal readonly ulong Mask;
        internal readonly int Descriptor;
        internal readonly int Thread;
    }

    /// <summary>struct fanotify_event_info_range</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct RangeRecord
    {
        internal readonly byte Type;
        internal readonly byte Padding;
        internal readonly ushort Length;
        internal readonly uint Padding2;
        internal readonly long Offset;
        internal readonly long Count;
    }

    /// <summary>struct fanotify_response</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Response
    {
        internal int Descriptor;
        internal uint Answer;
    }
}
