using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>mprotect(2)</summary>
internal static unsafe partial class Mprotect
{
    /// <summary>Gives access to a page-aligned range.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int Try(byte* start, nuint length, bool writable) =>
        Invoke(start, length, Mmap.ProtectionOf(writable)) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "mprotect", SetLastError = true)]
    private static partial int Invoke(void* start, nuint length, int protection);
}
