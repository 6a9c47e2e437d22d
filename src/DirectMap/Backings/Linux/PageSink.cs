using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// Puts pages without a file where a file's pages were, so that late accesses hit memory instead of the file or a signal.
/// </summary>
internal static unsafe class PageSink
{
    /// <summary>
    /// Replaces the pages of a range that is mapped now:
    /// <list type="number">
    /// <item>by private anonymous memory, which vm.overcommit_memory=2 refuses even with MAP_NORESERVE, and RLIMIT_DATA;</item>
    /// <item>by a sparse file in memory, which is not accounted before it is touched, and which RLIMIT_FSIZE refuses;</item>
    /// <item>by shared anonymous memory, which is such a file to the kernel, and none that the process makes longer. Only
    /// vm.overcommit_memory=2 refuses it.</item>
    /// </list>
    /// </summary>
    /// <exception cref="IOException">None of it could be mapped; the pages are still the file's.</exception>
    internal static void Replace(byte* start, nuint length, bool writable)
    {
        int errno = Mmap.TryReplaceByAnonymous(start, length, writable, isShared: false);
        if (errno == 0)
        {
            return;
        }

        int second = TryReplaceByMemoryFile(start, length, writable);
        if (second != 0 && Mmap.TryReplaceByAnonymous(start, length, writable, isShared: true) != 0)
        {
            throw new IOException(
                $"The pages of a mapping of {length} bytes could not be replaced by anonymous memory ({Errno.NameOf(errno)}) "
                    + $"nor by a file in memory ({Errno.NameOf(second)}).")
            {
                HResult = errno
            };
        }
    }

    /// <summary>The second way.</summary>
    /// <returns>0, or the error number: EFBIG where the process may have no file of that size.</returns>
    internal static int TryReplaceByMemoryFile(byte* start, nuint length, bool writable)
    {
        // To go beyond the limit raises SIGXFSZ, which ends the process.
        if (length > (nuint)ResourceLimit.FileSize)
        {
            return Errno.EFBIG;
        }

        int errno = Memfd.TryCreate("directmap-sink", out SafeFileHandle sink);
        using (sink)
        {
            if (errno == 0)
            {
                errno = Ftruncate.Try(sink, checked((long)length));
            }

            return errno == 0 ? Mmap.TryReplaceByFile(start, length, writable, sink) : errno;
        }
    }
}
