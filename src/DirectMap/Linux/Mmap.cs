using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>mmap(2), as far as it replaces pages of a mapping that exists: the mapping itself is the BCL's.</summary>
internal static unsafe partial class Mmap
{
    private const int PROT_READ = 1;
    private const int PROT_WRITE = 2;
    private const int MAP_SHARED = 1;
    private const int MAP_PRIVATE = 2;
    private const int MAP_FIXED = 0x10;
    private const int MAP_ANONYMOUS = 0x20;
    private const int MAP_NORESERVE = 0x4000;

    /// <summary>Puts zero pages without a file where the range's pages are.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryReplaceByAnonymous(byte* start, nuint length, bool writable) =>
        Map(start, length, ProtectionOf(writable), MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == start ? 0 : Errno.Last;

    /// <summary>Puts the pages of a (sparse) file where the range's pages are.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryReplaceByFile(byte* start, nuint length, bool writable, SafeFileHandle file) =>
        Map(start, length, ProtectionOf(writable), MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file, 0) == start ? 0 : Errno.Last;

    private static int ProtectionOf(bool writable) => writable ? PROT_READ | PROT_WRITE : PROT_READ;

    [LibraryImport(Libc.Name, EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* start, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* start, nuint length, int protection, int flags, SafeFileHandle file, long offset);
}
