using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>pread(2) and pwrite(2)</summary>
internal static partial class PositionedIO
{
    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <returns>0 or the error number; <paramref name="count"/> is how many bytes were read.</returns>
    internal static unsafe int TryRead(SafeFileHandle file, Span<byte> buffer, long offset, out int count)
    {
        count = 0;
        // In bounds and alive: the pointer and the count come from one span, pinned for the block.
        fixed (byte* start = buffer)
        {
            while (count < buffer.Length)
            {
                nint read = Pread(file, start + count, (nuint)(buffer.Length - count), offset + count);
                if (read == 0)
                {
                    break;
                }

                if (read > 0)
                {
                    count += (int)read;
                }
                else if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }
            }
        }

        return 0;
    }

    /// <summary>Writes everything.</summary>
    /// <returns>0 or the error number; <paramref name="count"/> is how many bytes were written.</returns>
    internal static unsafe int TryWrite(SafeFileHandle file, ReadOnlySpan<byte> buffer, long offset, out int count)
    {
        count = 0;
        // In bounds and alive: the pointer and the count come from one span, pinned for the block.
        fixed (byte* start = buffer)
        {
            while (count < buffer.Length)
            {
                nint written = Pwrite(file, start + count, (nuint)(buffer.Length - count), offset + count);
                if (written >= 0)
                {
                    count += (int)written;
                }
                else if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "pread", SetLastError = true)]
    private static unsafe partial nint Pread(SafeFileHandle file, byte* buffer, nuint count, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "pwrite", SetLastError = true)]
    private static unsafe partial nint Pwrite(SafeFileHandle file, byte* buffer, nuint count, long offset);
}
