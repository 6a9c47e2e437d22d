using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>inotify_init1(2), inotify_add_watch(2) and inotify_rm_watch(2): to be told afterwards that a file was changed.</summary>
internal static unsafe partial class Inotify
{
    /// <summary>IN_MODIFY: the file's content or length was changed.</summary>
    internal const uint IN_MODIFY = 0x2;

    /// <summary>IN_Q_OVERFLOW: events were dropped.</summary>
    internal const uint IN_Q_OVERFLOW = 0x4000;

    /// <summary>IN_IGNORED: the watch is gone, as it was removed, or the file system was unmounted.</summary>
    internal const uint IN_IGNORED = 0x8000;

    private const int IN_NONBLOCK = 0x800;
    private const int IN_CLOEXEC = 0x80000;

    /// <summary>Makes an instance that does not block.</summary>
    /// <returns>0, or the error number: EMFILE where the user has as many as he may have.</returns>
    internal static int TryInit(out SafeFileHandle instance)
    {
        int descriptor = Init(IN_NONBLOCK | IN_CLOEXEC);
        int errno = descriptor < 0 ? Errno.Last : 0;
        instance = new SafeFileHandle(descriptor, ownsHandle: true);
        return errno;
    }

    /// <summary>Begins to be told of changes of a file.</summary>
    /// <param name="instance">Who is told.</param>
    /// <param name="file">Which file; O_PATH or not.</param>
    /// <param name="watch">Its number, which events carry: the same one for each descriptor of an inode.</param>
    /// <returns>0, or the error number: ENOSPC where there are as many watches as the user may have, ENOENT without /proc.</returns>
    internal static int TryWatch(SafeFileHandle instance, SafeFileHandle file, out int watch)
    {
        bool added = false;
        try
        {
            file.DangerousAddRef(ref added);
            string path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{file.DangerousGetHandle()}");
            watch = Add(instance, path, IN_MODIFY);
            return watch < 0 ? Errno.Last : 0;
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Ends it; what was told before stays in the queue.</summary>
    internal static void TryUnwatch(SafeFileHandle instance, int watch) => _ = Remove(instance, watch);

    /// <summary>Takes the next event from what was read.</summary>
    /// <param name="events">What was read; what comes behind the event is left.</param>
    /// <param name="taken">The event.</param>
    /// <returns>False: there is none.</returns>
    internal static bool TryTake(ref ReadOnlySpan<byte> events, out Event taken)
    {
        taken = default;
        if (events.Length < sizeof(Event))
        {
            return false;
        }

        taken = MemoryMarshal.Read<Event>(events);
        long length = sizeof(Event) + (long)taken.NameLength;
        if (length > events.Length)
        {
            return false;
        }

        events = events[(int)length..];
        return true;
    }

    [LibraryImport(Libc.Name, EntryPoint = "inotify_init1", SetLastError = true)]
    private static partial int Init(int flags);

    [LibraryImport(Libc.Name, EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Add(SafeFileHandle instance, string path, uint mask);

    [LibraryImport(Libc.Name, EntryPoint = "inotify_rm_watch", SetLastError = true)]
    private static partial int Remove(SafeFileHandle instance, int watch);

    /// <summary>struct inotify_event, without the name that may follow.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Event
    {
        internal readonly int Watch;
        internal readonly uint Mask;
        internal readonly uint Cookie;
        internal readonly uint NameLength;
    }
}
