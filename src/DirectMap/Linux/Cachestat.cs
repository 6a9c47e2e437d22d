using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>cachestat(2), Linux 6.5, for which the C library has no function.</summary>
internal static unsafe partial class Cachestat
{
    /// <summary>The same on all architectures, as for all system calls since Linux 5.1.</summary>
    private const nint SYS_cachestat = 451;

    private static volatile bool s_isMissing;

    /// <summary>How many pages of a range of a file are dirty in the page cache.</summary>
    /// <returns>0, or the error number: ENOSYS before Linux 6.5, EPERM where a filter forbids what it does not know.</returns>
    internal static int TryCountDirty(SafeFileHandle file, FileRange range, out long dirty)
    {
        int errno = Try(file, range, out Counts counts);
        dirty = (long)counts.Dirty;
        return errno;
    }

    /// <summary>How many pages of a range of a file are in the page cache. Told to whoever has the file open for writing.</summary>
    /// <returns>As above.</returns>
    internal static int TryCountCached(SafeFileHandle file, FileRange range, out long cached)
    {
        int errno = Try(file, range, out Counts counts);
        cached = (long)counts.Cached;
        return errno;
    }

    /// <returns>0, or the error number; there are no counts then.</returns>
    private static int Try(SafeFileHandle file, FileRange range, out Counts counts)
    {
        counts = default;
        if (s_isMissing)
        {
            return Errno.ENOSYS;
        }

        Range of = new() { Offset = (ulong)range.Offset, Length = (ulong)range.Length };
        if (Invoke(SYS_cachestat, file, &of, out counts, 0) == 0)
        {
            return 0;
        }

        int errno = Errno.Last;
        if (errno is Errno.ENOSYS or Errno.EPERM)
        {
            s_isMissing = true;
        }

        return errno;
    }

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Invoke(nint number, SafeFileHandle file, Range* range, out Counts counts, uint flags);

    /// <summary>struct cachestat_range</summary>
    private struct Range
    {
        internal ulong Offset;
        internal ulong Length;
    }

    /// <summary>struct cachestat, in pages</summary>
    private struct Counts
    {
        internal ulong Cached;
        internal ulong Dirty;
        internal ulong Writeback;
        internal ulong Evicted;
        internal ulong RecentlyEvicted;
    }
}
