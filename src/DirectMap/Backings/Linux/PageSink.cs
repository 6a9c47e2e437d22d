using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// Puts pages without a file where a file's pages were, so that late accesses hit memory instead of the file or a signal.
/// <para>
/// The native library does the same for pages that are lost (sink.c), and neither can do without the other: that one runs in a signal
/// handler, where no managed code may, and this one works where there is no library. What both must have alike is
/// <see cref="SinkLayout"/>, which is compared when the library is loaded.
/// </para>
/// </summary>
internal static unsafe class PageSink
{
    /// <summary>
    /// Replaces the pages of a range that is mapped now, in the first of the <see cref="SinkLayout.Ways"/> that the kernel does not refuse.
    /// Where the process locks all that is mapped (mlockall with MCL_FUTURE), each of these would be populated. Then it is shared memory
    /// that is made and unlocked elsewhere, and moved over the range. Where it may not lock as much (RLIMIT_MEMLOCK) that is done in
    /// pieces.
    /// </summary>
    /// <exception cref="IOException">None of it could be mapped, or not all; the other pages are still the file's.</exception>
    internal static void Replace(byte* start, nuint length, bool writable)
    {
        int errno = TryReplace(start, length, writable, out int second);
        if (errno == Errno.EAGAIN && Munlock.Try(start, length) == 0)
        {
            errno = TryReplace(start, length, writable, out second); // As much may be locked as what is there has been.
        }

        if (errno == Errno.EAGAIN && TryReplaceInPieces(start, length, writable) == 0)
        {
            return;
        }

        if (errno != 0)
        {
            throw new IOException(
                $"The pages of a mapping of {length} bytes could not be replaced by anonymous memory ({Errno.NameOf(errno)}) "
                    + $"nor by a file in memory ({Errno.NameOf(second)}).")
            {
                HResult = errno
            };
        }
    }

    private static int TryReplace(byte* start, nuint length, bool writable, out int second)
    {
        second = 0;
        if (LockedMemory.WouldPopulate(length) && TryReplaceUnlocked(start, length, writable))
        {
            return 0;
        }

        int first = 0;
        for (int ways = SinkLayout.Ways; ways != 0; ways >>= 4)
        {
            SinkLayout.Way way = (SinkLayout.Way)(ways & 15);
            int errno = TryReplaceBy(way, start, length, writable);
            if (errno == 0)
            {
                return 0;
            }

            first = first == 0 ? errno : first;
            second = way == SinkLayout.Way.MemoryFile ? errno : second;
        }

        return first;
    }

    private static int TryReplaceBy(SinkLayout.Way way, byte* start, nuint length, bool writable) => way == SinkLayout.Way.MemoryFile
        ? TryReplaceByMemoryFile(start, length, writable)
        : Mmap.TryReplaceByAnonymous(start, length, writable, isShared: way == SinkLayout.Way.SharedMemory);

    /// <summary>By memory that is not locked, although all new memory is; no page of it is populated at any moment.</summary>
    private static bool TryReplaceUnlocked(byte* start, nuint length, bool writable)
    {
        if (LockedMemory.TryMoveUnlocked(start, length, writable, file: null) == 0)
        {
            return true;
        }

        if (TryMakeMemoryFile(length, out SafeFileHandle? sink) != 0)
        {
            return false;
        }

        using (sink)
        {
            return LockedMemory.TryMoveUnlocked(start, length, writable, sink) == 0;
        }
    }

    /// <summary>
    /// In pieces, each of which is as much as may be locked at that moment: the kernel counts a new mapping until it is unlocked. They are
    /// neighbours in one file, so they become one mapping.
    /// </summary>
    internal static int TryReplaceInPieces(byte* start, nuint length, bool writable)
    {
        int errno = TryMakeMemoryFile(length, out SafeFileHandle? sink);
        using (sink)
        {
            nuint page = (nuint)Environment.SystemPageSize;
            nuint piece = length;
            for (nuint done = 0; errno == 0 && done < length;)
            {
                nuint size = nuint.Min(piece, length - done);
                errno = LockedMemory.TryMoveUnlocked(start + done, size, writable, sink, (long)done);
                if (errno == 0)
                {
                    done += size;
                }
                else if (errno == Errno.EAGAIN && piece > page)
                {
                    piece = (nuint)Rounding.PageUp((long)(piece / 2));
                    errno = 0;
                }
            }
        }

        return errno;
    }

    /// <summary>The second way.</summary>
    /// <returns>0, or the error number: EFBIG where the process may have no file of that size.</returns>
    internal static int TryReplaceByMemoryFile(byte* start, nuint length, bool writable)
    {
        int errno = TryMakeMemoryFile(length, out SafeFileHandle? sink);
        using (sink)
        {
            return errno == 0 ? Mmap.TryReplaceByFile(start, length, writable, sink!) : errno;
        }
    }

    private static int TryMakeMemoryFile(nuint length, out SafeFileHandle? sink)
    {
        sink = null;

        // To go beyond the limit raises SIGXFSZ, which ends the process.
        if (length > (nuint)ResourceLimit.FileSize)
        {
            return Errno.EFBIG;
        }

        int errno = Memfd.TryCreate(SinkLayout.Name, out SafeFileHandle made);
        if (errno == 0)
        {
            errno = Ftruncate.Try(made, checked((long)length));
        }

        if (errno != 0)
        {
            made.Dispose();
            return errno;
        }

        sink = made;
        return 0;
    }
}
