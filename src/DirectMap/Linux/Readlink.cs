using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>readlinkat(2)</summary>
internal static partial class Readlink
{
    private const int PATH_MAX = 4096;

    /// <summary>What a symbolic link says that an O_PATH descriptor names.</summary>
    /// <returns>0, or the error number.</returns>
    internal static unsafe int Try(SafeFileHandle link, out string target)
    {
        byte* buffer = stackalloc byte[PATH_MAX];
        nint length = Invoke(link, "", buffer, PATH_MAX);
        target = length < 0 ? "" : Encoding.UTF8.GetString(buffer, (int)length);
        return length < 0 ? Errno.Last : 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "readlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial nint Invoke(SafeFileHandle directory, string path, byte* buffer, nint size);
}
