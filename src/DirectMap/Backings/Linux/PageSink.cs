using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// Puts pages without a file where a file's pages were, so that late accesses hit memory instead of the file or a signal.
/// </summary>
internal static unsafe class PageSink
{
    /// <summary>Replaces the pages of a range that is mapped now.</summary>
    /// <exception cref="IOException">Neither anonymous memory nor a file in memory could be mapped; the pages
    /// are still the file's.</exception>
    internal static void Replace(byte* start, nuint length, bool writable)
    {
        int errno = Mmap.TryReplaceByAnonymous(start, length, writable);
        if (errno == 0)
        {
            return;
        }

        try
        {
            ReplaceByMemoryFile(start, length, writable);
        }
        catch (IOException exception)
        {
            throw new IOException(
                $"The pages of a mapping of {length} bytes could not be replaced by anonymous memory "
                    + $"({Errno.NameOf(errno)}) nor otherwise.",
                exception)
            {
                HResult = errno
            };
        }
    }

    /// <summary>
    /// The second way: vm.overcommit_memory=2 refuses anonymous memory even with MAP_NORESERVE, but a sparse file in memory is not
    /// accounted before it is touched.
    /// </summary>
    internal static void ReplaceByMemoryFile(byte* start, nuint length, bool writable)
    {
        int errno = Memfd.TryCreate("directmap-sink", out SafeFileHandle sink);
        using (sink)
        {
            if (errno == 0)
            {
                errno = Ftruncate.Try(sink, checked((long)length));
            }

            if (errno == 0)
            {
                errno = Mmap.TryReplaceByFile(start, length, writable, sink);
            }
        }

        if (errno != 0)
        {
            throw new IOException($"A file in memory of {length} bytes could not be mapped ({Errno.NameOf(errno)}).") { HResult = errno };
        }
    }
}
