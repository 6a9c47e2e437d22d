using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>ftruncate(2)</summary>
internal static partial class Ftruncate
{
    /// <returns>0, or the error number.</returns>
    internal static int Try(SafeFileHandle file, long length)
    {
        while (Invoke(file, length) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int Invoke(SafeFileHandle file, long length);
}
