using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>msync(2)</summary>
internal static unsafe partial class Msync
{
    private const int MS_INVALIDATE = 2;
    private const int MS_SYNC = 4;

    /// <summary>Writes the dirty pages of a page-aligned range and waits until the device has them.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int Try(byte* start, nuint length)
    {
        while (Invoke(start, length, MS_SYNC) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    /// <summary>Whether any of a page-aligned range of memory is locked (mlock): the kernel refuses to invalidate that (EBUSY).</summary>
    internal static bool IsLocked(byte* start, nuint length) => Invoke(start, length, MS_INVALIDATE) != 0 && Errno.Last == Errno.EBUSY;

    [LibraryImport(Libc.Name, EntryPoint = "msync", SetLastError = true)]
    private static partial int Invoke(void* start, nuint length, int flags);
}
