using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>unlink(2)</summary>
internal static partial class Unlink
{
    /// <returns>0, or the error number.</returns>
    internal static int Try(string path) => Invoke(path) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Invoke(string path);
}
