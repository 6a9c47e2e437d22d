using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>lseek(2) with SEEK_DATA and SEEK_HOLE. It moves the file position, which nothing else here uses.</summary>
internal static partial class Lseek
{
    internal const int SEEK_DATA = 3;
    internal const int SEEK_HOLE = 4;

    /// <returns>0, or the error number.</returns>
    internal static int TrySeek(SafeFileHandle file, long offset, int whence, out long position)
    {
        position = Seek(file, offset, whence);
        return position >= 0 ? 0 : Errno.Last;
    }

    [LibraryImport(Libc.Name, EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);
}
