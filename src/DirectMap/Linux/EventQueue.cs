using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>read(2) of a descriptor that gives events, and does not block.</summary>
internal static unsafe partial class EventQueue
{
    /// <summary>Reads whole events, as many as there are and fit.</summary>
    /// <returns>0, or the error number: EAGAIN where there are none.</returns>
    internal static int TryRead(SafeFileHandle queue, Span<byte> buffer, out int read)
    {
        // In bounds: the pointer is used during the call only, with the span's own length.
        fixed (byte* start = buffer)
        {
            nint count;
            while ((count = Read(queue, start, (nuint)buffer.Length)) < 0)
            {
                if (Errno.Last is not Errno.EINTR and int errno)
                {
                    read = 0;
                    return errno;
                }
            }

            read = (int)count;
            return 0;
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(SafeFileHandle queue, byte* buffer, nuint length);
}
