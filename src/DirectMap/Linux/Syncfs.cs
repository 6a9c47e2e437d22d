using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>syncfs(2)</summary>
internal static partial class Syncfs
{
    /// <summary>Writes everything of the file's file system.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int Try(SafeFileHandle file) => Invoke(file) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "syncfs", SetLastError = true)]
    private static partial int Invoke(SafeFileHandle file);
}
