using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>mremap(2)</summary>
internal static unsafe partial class Mremap
{
    private const int MREMAP_MAYMOVE = 1;
    private const int MREMAP_FIXED = 2;

    /// <summary>Moves a mapping over what is elsewhere, in one step for whoever accesses that.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryMoveOver(byte* start, nuint length, byte* target) =>
        Invoke(start, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "mremap", SetLastError = true)]
    private static partial void* Invoke(void* start, nuint length, nuint newLength, int flags, void* target);
}
