using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>sync_file_range(2)</summary>
internal static partial class SyncFileRange
{
    private const uint SYNC_FILE_RANGE_WRITE = 2;

    /// <summary>Begins to write what is dirty in a range, and waits for nothing. It makes nothing durable.</summary>
    /// <returns>0, or the error number; a failure to write is reported by the next fsync.</returns>
    internal static int TryBegin(SafeFileHandle file, FileRange range) =>
        Invoke(file, range.Offset, range.Length, SYNC_FILE_RANGE_WRITE) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "sync_file_range", SetLastError = true)]
    private static partial int Invoke(SafeFileHandle file, long offset, long length, uint flags);
}
