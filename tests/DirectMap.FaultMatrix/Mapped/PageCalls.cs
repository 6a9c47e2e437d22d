using System.Runtime.InteropServices;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.FaultMatrix.Mapped;

/// <summary>Takes pages out of the page cache, so that the next access has to read them from the device.</summary>
internal static unsafe partial class PageCalls
{
    private const int MADV_RANDOM = 1;
    private const int MADV_DONTNEED = 4;
    private const int POSIX_FADV_DONTNEED = 4;

    /// <summary>
    /// Writes back what is dirty, and drops every page of the file; pages that are mapped stay, but those of the mapping given.
    /// </summary>
    internal static void Drop(string path, nint start, nuint length)
    {
        using SafeFileHandle file = PlainCalls.Open(path, PlainCalls.O_RDWR);
        Check.Equal(0, PlainCalls.Fsync(file).Errno, "fsync's error number");
        Check.Equal(0, Madvise(start, length, MADV_DONTNEED), "madvise(MADV_DONTNEED)");
        Check.Equal(0, Madvise(start, length, MADV_RANDOM), "madvise(MADV_RANDOM)"); // A fault must not bring its neighbours in.
        Check.Equal(0, Fadvise(file, 0, 0, POSIX_FADV_DONTNEED), "posix_fadvise");
    }

    /// <summary>How many pages of a mapping are in the page cache.</summary>
    internal static int Cached(nint start, nuint length)
    {
        byte[] pages = new byte[length / (nuint)Environment.SystemPageSize];

        // In bounds: a byte for each page. Alive: pinned.
        fixed (byte* first = pages)
        {
            Check.Equal(0, Mincore(start, length, first), "mincore");
        }

        return pages.Count(page => (page & 1) != 0);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Madvise(nint start, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mincore")]
    private static partial int Mincore(nint start, nuint length, byte* pages);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Fadvise(SafeFileHandle file, long offset, long length, int advice);
}
