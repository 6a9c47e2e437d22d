using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>fsync(2)</summary>
internal static partial class Fsync
{
    /// <returns>0, or the error number.</returns>
    internal static int Try(SafeFileHandle file)
    {
        while (Invoke(file) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "fsync", SetLastError = true)]
    private static partial int Invoke(SafeFileHandle file);
}
