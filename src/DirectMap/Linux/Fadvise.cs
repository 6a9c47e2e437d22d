using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>posix_fadvise(2): the numbers are those of x64 and arm64.</summary>
internal static partial class Fadvise
{
    private const int POSIX_FADV_WILLNEED = 3;
    private const int POSIX_FADV_DONTNEED = 4;

    /// <summary>
    /// POSIX_FADV_WILLNEED: what of the range is not in the page cache is read, in single pages, without a wait for it. The kernel reads no
    /// more than its readahead window or the device's largest request, so a long range is asked for in pieces.
    /// </summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryReadAhead(SafeFileHandle file, FileRange range) =>
        Invoke(file, range.Offset, range.Length, POSIX_FADV_WILLNEED);

    /// <summary>
    /// POSIX_FADV_DONTNEED: takes those folios out of the page cache that lie within the range as a whole, are clean, and are mapped by
    /// nobody. Of what is dirty the writing is begun.
    /// </summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryDrop(SafeFileHandle file, FileRange range) =>
        Invoke(file, range.Offset, range.Length, POSIX_FADV_DONTNEED);

    /// <remarks>Returns the error number, and leaves errno alone.</remarks>
    [LibraryImport(Libc.Name, EntryPoint = "posix_fadvise")]
    private static partial int Invoke(SafeFileHandle file, long offset, long length, int advice);
}
