using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>fallocate(2)</summary>
internal static partial class Fallocate
{
    [Flags]
    internal enum FallocateMode
    {
        Allocate = 0,
        FALLOC_FL_KEEP_SIZE = 1,
        FALLOC_FL_PUNCH_HOLE = 2,
        FALLOC_FL_COLLAPSE_RANGE = 8,
        FALLOC_FL_ZERO_RANGE = 16,
        FALLOC_FL_INSERT_RANGE = 32,
        FALLOC_FL_UNSHARE_RANGE = 64,
    }

    /// <returns>0, or the error number.</returns>
    internal static int Try(SafeFileHandle file, FallocateMode mode, FileRange range)
    {
        while (Invoke(file, mode, range.Offset, range.Length) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Invoke(SafeFileHandle file, FallocateMode mode, long offset, long length);
}
