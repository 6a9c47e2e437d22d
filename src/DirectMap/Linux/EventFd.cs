using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>eventfd(2): what a thread that waits in poll is woken by.</summary>
internal static unsafe partial class EventFd
{
    private const int EFD_NONBLOCK = 0x800;
    private const int EFD_CLOEXEC = 0x80000;

    /// <summary>Makes one that nobody has signalled.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryCreate(out SafeFileHandle handle)
    {
        int descriptor = Create(0, EFD_NONBLOCK | EFD_CLOEXEC);
        int errno = descriptor < 0 ? Errno.Last : 0;
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
        return errno;
    }

    /// <summary>Has something to be read, until it is.</summary>
    internal static void Signal(SafeFileHandle handle)
    {
        ulong one = 1;
        _ = Write(handle, &one, sizeof(ulong)); // It fails only where 2^64 signals were not read.
    }

    /// <summary>Reads what was signalled.</summary>
    internal static void Clear(SafeFileHandle handle)
    {
        ulong count = 0;
        _ = EventQueue.TryRead(handle, MemoryMarshal.AsBytes(new Span<ulong>(ref count)), out _);
    }

    [LibraryImport(Libc.Name, EntryPoint = "eventfd", SetLastError = true)]
    private static partial int Create(uint initial, int flags);

    [LibraryImport(Libc.Name, EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(SafeFileHandle handle, void* value, nuint length);
}
