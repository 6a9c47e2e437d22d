using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>sync_file_range(2)</summary>
internal static partial class SyncFileRange
{
    private const uint SYNC_FILE_RANGE_WAIT_BEFORE = 1;
    private const uint SYNC_FILE_RANGE_WRITE = 2;

    /// <summary>Begins to write what is dirty in a range, and waits for nothing. It makes nothing durable.</summary>
    /// <returns>0, or the error number; a failure to write is reported by the next fsync.</returns>
    internal static int TryBegin(SafeFileHandle file, FileRange range) => Try(file, range, SYNC_FILE_RANGE_WRITE);

    /// <summary>Waits for what is being written in a range. It makes nothing durable.</summary>
    /// <returns>0, or the error number: of a failure to write anywhere in the file that the description was not told of yet, too. It is
    /// not told again.</returns>
    internal static int TryWait(SafeFileHandle file, FileRange range) => Try(file, range, SYNC_FILE_RANGE_WAIT_BEFORE);

    private static int Try(SafeFileHandle file, FileRange range, uint flags) =>
        Invoke(file, range.Offset, range.Length, flags) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int Invoke(SafeFileHandle file, long offset, long length, uint flags);
}
