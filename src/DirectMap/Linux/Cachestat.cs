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
        dirty = 0;
        if (s_isMissing)
        {
            return Errno.ENOSYS;
        }

        Range of = new() { Offset = (ulong)range.Offset, Length = (ulong)range.Length };
        if (Invoke(SYS_cachestat, file, &of, out Counts counts, 0) == 0)
        {
            dirty = (long)counts.Dirty;
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
