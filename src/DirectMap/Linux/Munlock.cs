using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>munlock(2)</summary>
internal static unsafe partial class Munlock
{
    /// <summary>Pages of a page-aligned range may be taken from memory again; what is in it stays.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int Try(byte* start, nuint length) =>
        Invoke(start, length) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "munlock", SetLastError = true)]
    private static partial int Invoke(void* start, nuint length);
}
