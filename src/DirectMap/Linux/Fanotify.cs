using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// fanotify_init(2) and fanotify_mark(2), as far as a process without privilege may use them: to be told afterwards which inode was
/// changed (FAN_CLASS_NOTIF with FAN_REPORT_FID). Since Linux 5.13. What takes CAP_SYS_ADMIN is <see cref="PreContent"/>'s.
/// </summary>
internal static unsafe partial class Fanotify
{
    /// <summary>FAN_MODIFY: the file's content or length was changed.</summary>
    internal const ulong FAN_MODIFY = 0x2;

    /// <summary>FAN_Q_OVERFLOW: events were dropped.</summary>
    internal const ulong FAN_Q_OVERFLOW = 0x4000;

    private const uint FAN_CLOEXEC = 0x1;
    private const uint FAN_NONBLOCK = 0x2;
    private const uint FAN_UNLIMITED_QUEUE = 0x10;
    private const uint FAN_UNLIMITED_MARKS = 0x20;
    private const uint FAN_REPORT_TID = 0x100;
    private const uint FAN_REPORT_FID = 0x200;
    private const uint FAN_MARK_ADD = 0x1;
    private const uint FAN_MARK_REMOVE = 0x2;
    private const byte FAN_EVENT_INFO_TYPE_FID = 1;
    private const int HandleHeader = 2 * sizeof(uint); // struct file_handle: bytes and type
    private const int FsidLength = 8;

    /// <summary>Makes a group that does not block; without limits where the process may have that.</summary>
    /// <returns>0, or the error number: ENOSYS, EPERM and EINVAL where there is no such group for the caller, EMFILE where the user has as
    /// many as he may have.</returns>
    /// <param name="group">The group.</param>
    /// <param name="ofThreads">Whether it names threads instead of processes, which wants CAP_SYS_ADMIN.</param>
    internal static int TryInit(out SafeFileHandle group, bool ofThreads = false)
    {
        uint flags = FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_FID | (ofThreads ? FAN_REPORT_TID : 0);
        int descriptor = Init(flags | FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS, 0);
        if (descriptor < 0 && Errno.Last == Errno.EPERM)
        {
            descriptor = Init(flags, 0);
        }

        int errno = descriptor < 0 ? Errno.Last : 0;
        group = new SafeFileHandle(descriptor, ownsHandle: true);
        return errno;
    }

    /// <summary>Begins to be told of changes of a file.</summary>
    /// <returns>0, or the error number: EOPNOTSUPP, ENODEV and EXDEV where the file system cannot, ENOSPC where there are as many marks as
    /// the user may have.</returns>
    internal static int TryMark(SafeFileHandle group, SafeFileHandle file) => Mark(group, FAN_MARK_ADD, file);

    /// <summary>Ends it; what was told before stays in the queue.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryUnmark(SafeFileHandle group, SafeFileHandle file) => Mark(group, FAN_MARK_REMOVE, file);

    /// <summary>What events of a file carry to say which it is; null where the file system has no handles.</summary>
    internal static string? TryGetKey(SafeFileHandle file)
    {
        byte* key = stackalloc byte[FsidLength + HandleHeader + FileHandle.MaxBytes];
        Span<byte> bytes = new(key, FsidLength + HandleHeader + FileHandle.MaxBytes);
        return Statfs.TryGetId(file, bytes) == 0 && FileHandle.TryGet(file, bytes[FsidLength..], out int length)
            ? new string(MemoryMarshal.Cast<byte, char>(bytes[..(FsidLength + HandleHeader + length)]))
            : null;
    }

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

        taken = new Event(head.Mask, head.Pid, KeyOf(events[head.HeaderLength..(int)head.Length]));
        events = events[(int)head.Length..];
        return true;
    }

    /// <summary>fsid and handle, which lie one behind the other as <see cref="TryGetKey"/> puts them.</summary>
    private static ReadOnlySpan<char> KeyOf(ReadOnlySpan<byte> records)
    {
        const int RecordHeader = 4; // type, padding, length
        while (records.Length >= RecordHeader)
        {
            int length = MemoryMarshal.Read<ushort>(records[2..]);
            if (length < RecordHeader || length > records.Length)
            {
                break;
            }

            if (records[0] == FAN_EVENT_INFO_TYPE_FID && length >= RecordHeader + FsidLength + HandleHeader)
            {
                ReadOnlySpan<byte> key = records[RecordHeader..length];
                int bytes = (int)Math.Min(MemoryMarshal.Read<uint>(key[FsidLength..]), FileHandle.MaxBytes);
                return FsidLength + HandleHeader + bytes <= key.Length
                    ? MemoryMarshal.Cast<byte, char>(key[..(FsidLength + HandleHeader + bytes)])
                    : default;
            }

            records = records[length..];
        }

        return default;
    }

    private static int Mark(SafeFileHandle group, uint flags, SafeFileHandle file) =>
        Mark(group, flags, FAN_MODIFY, file, null) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "fanotify_init", SetLastError = true)]
    internal static partial int Init(uint flags, uint eventFlags);

    [LibraryImport(Libc.Name, EntryPoint = "fanotify_mark", SetLastError = true)]
    internal static partial int Mark(SafeFileHandle group, uint flags, ulong mask, SafeFileHandle file, byte* path);

    /// <param name="mask">What happened.</param>
    /// <param name="pid">Which process did it; 0 where the caller may not know.</param>
    /// <param name="key">To which file; empty where it is not said.</param>
    internal readonly ref struct Event(ulong mask, int pid, ReadOnlySpan<char> key)
    {
        internal ulong Mask { get; } = mask;

        internal int Pid { get; } = pid;

        internal ReadOnlySpan<char> Key { get; } = key;
    }

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
        internal readonly int Pid;
    }
}
