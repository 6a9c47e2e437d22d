using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>madvise(2), as far as the library has a use for it.</summary>
internal static unsafe partial class Madvise
{
    private const int MADV_DONTNEED = 4;
    private const int MADV_DONTFORK = 10;
    private const int MADV_COLD = 20;
    private const int MADV_POPULATE_READ = 22;
    private const int MADV_POPULATE_WRITE = 23;

    /// <summary>MADV_DONTFORK: children of the process have nothing at these addresses.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryExcludeFromChildren(byte* start, nuint length) => Invoke(start, length, MADV_DONTFORK) == 0 ? 0 : Errno.Last;

    /// <summary>
    /// MADV_DONTNEED, in a shared mapping of a file: the pages stay in the page cache, with what was stored to them, and are mapped again
    /// at the next access.
    /// </summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryForget(byte* start, nuint length) => Invoke(start, length, MADV_DONTNEED) == 0 ? 0 : Errno.Last;

    /// <summary>
    /// MADV_COLD: what is mapped there may be reclaimed before other pages. Of a folio that is clean, lies only in part within the range,
    /// and is mapped by no other process, the kernel makes single pages first.
    /// </summary>
    /// <returns>0, or the error number: EINVAL before Linux 5.4.</returns>
    internal static int TryCool(byte* start, nuint length) => Invoke(start, length, MADV_COLD) == 0 ? 0 : Errno.Last;

    /// <summary>
    /// MADV_POPULATE_READ and MADV_POPULATE_WRITE: the page faults of loads or stores, with an error number in place of a signal, and
    /// without loading or storing anything.
    /// </summary>
    /// <param name="start">First byte, page-aligned.</param>
    /// <param name="length">Length in bytes.</param>
    /// <param name="writing">For stores, or for loads.</param>
    /// <returns>0, or the error number: EFAULT where an access would raise SIGBUS (no space, beyond the end of the file),
    /// EINVAL before Linux 5.14.</returns>
    internal static int TryPopulate(byte* start, nuint length, bool writing)
    {
        while (Invoke(start, length, writing ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "madvise", SetLastError = true)]
    private static partial int Invoke(void* start, nuint length, int advice);
}
