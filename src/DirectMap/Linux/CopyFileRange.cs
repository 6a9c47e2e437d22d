using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>copy_file_range(2)</summary>
internal static partial class CopyFileRange
{
    /// <summary>Copies until everything is copied or the source ends.</summary>
    /// <param name="source">From where.</param>
    /// <param name="range">Its bytes.</param>
    /// <param name="destination">To where.</param>
    /// <param name="offset">Where in it.</param>
    /// <param name="copied">How many bytes were copied.</param>
    /// <returns>0, or the error number.</returns>
    internal static int Try(SafeFileHandle source, FileRange range, SafeFileHandle destination, long offset, out long copied)
    {
        copied = 0;
        while (copied < range.Length)
        {
            long sourceOffset = range.Offset + copied;
            long destinationOffset = offset + copied;
            nint count = Invoke(source, ref sourceOffset, destination, ref destinationOffset, (nuint)(range.Length - copied), 0);
            if (count == 0)
            {
                break;
            }

            if (count > 0)
            {
                copied += count;
            }
            else if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "copy_file_range", SetLastError = true)]
    private static partial nint Invoke(
        SafeFileHandle source, ref long sourceOffset, SafeFileHandle destination, ref long destinationOffset, nuint length, uint flags);
}
