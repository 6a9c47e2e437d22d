using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>unlink(2)</summary>
internal static partial class Unlink
{
    /// <returns>0, or the error number.</returns>
    internal static int Try(string path) => Invoke(path) == 0 ? 0 : Errno.Last;

    /// <summary>Of a name in a directory (unlinkat).</summary>
    /// <returns>0, or the error number.</returns>
    internal static int Try(SafeFileHandle directory, string name) => InvokeAt(directory, name, 0) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Invoke(string path);

    [LibraryImport(Libc.Name, EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int InvokeAt(SafeFileHandle directory, string name, int flags);
}
