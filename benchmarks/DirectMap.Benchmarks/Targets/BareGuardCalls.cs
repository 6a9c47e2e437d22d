using System.Runtime.InteropServices;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// The system calls of <see cref="BareGuard"/> and of the process that it holds, with nothing between them and the kernel.
/// </summary>
internal static unsafe partial class BareGuardCalls
{
    internal const int O_RDONLY = 0;
    internal const int O_RDWR = 2;
    internal const int O_NONBLOCK = 0x800;
    internal const int O_CLOEXEC = 0x80000;
    internal const int F_SETLEASE = 1024;
    internal const int F_WRLCK = 1;
    internal const int F_UNLCK = 2;
    internal const uint FAN_CLOEXEC = 0x1;
    internal const uint FAN_CLASS_PRE_CONTENT = 0x8;
    internal const uint FAN_REPORT_TID = 0x100;
    internal const uint FAN_ALLOW = 1;
    internal const uint FAN_MARK_ADD = 0x1;
    internal const uint FAN_MARK_REMOVE = 0x2;
    internal const ulong FAN_OPEN_PERM = 0x10000;
    internal const ulong FAN_PRE_ACCESS = 0x100000;
    internal const int AT_FDCWD = -100;

    private const string Libc = "libc";

    /// <summary>What a call has returned, or what it has failed with.</summary>
    /// <exception cref="IOException">It has failed.</exception>
    internal static int Check(nint result, string call) => result >= 0
        ? (int)result
        : throw new IOException($"{call}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport(Libc, EntryPoint = "fanotify_init", SetLastError = true)]
    internal static partial int Init(uint flags, uint eventFlags);

    /// <param name="path">Null: the file itself.</param>
    [LibraryImport(Libc, EntryPoint = "fanotify_mark", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Mark(int group, uint flags, ulong mask, int file, string? path);

    [LibraryImport(Libc, EntryPoint = "open", SetLastError = true)]
    internal static partial int Open(byte* path, int flags);

    [LibraryImport(Libc, EntryPoint = "close")]
    internal static partial int Close(int file);

    [LibraryImport(Libc, EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int file, byte* buffer, nint count);

    [LibraryImport(Libc, EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int file, byte* buffer, nint count);

    [LibraryImport(Libc, EntryPoint = "pread", SetLastError = true)]
    internal static partial nint Read(int file, byte* buffer, nint count, long offset);

    [LibraryImport(Libc, EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint Write(int file, byte* buffer, nint count, long offset);

    [LibraryImport(Libc, EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(int file, int command, nint argument);

    /// <summary>struct fanotify_event_metadata</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Event
    {
        internal readonly uint Length;
        internal readonly byte Version;
        internal readonly byte Reserved;
        internal readonly ushort HeaderLength;
        internal readonly ulong Mask;
        internal readonly int File;
        internal readonly int Thread;
    }

    /// <summary>struct fanotify_response</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal readonly struct Response(int file)
    {
        internal readonly int File = file;
        internal readonly uint Answer = FAN_ALLOW;
    }
}
