using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// mmap(2) and munmap(2): of a file with flags that the BCL does not know, and in place of pages of a mapping that exists.
/// </summary>
internal static unsafe partial class Mmap
{
    internal const int PROT_READ = 1;
    internal const int PROT_WRITE = 2;
    internal const int MAP_SHARED = 1;
    internal const int MAP_PRIVATE = 2;
    internal const int MAP_FIXED = 0x10;
    internal const int MAP_ANONYMOUS = 0x20;
    internal const int MAP_NORESERVE = 0x4000;

    private const int PROT_NONE = 0;
    private const int MAP_SHARED_VALIDATE = 3;
    private const int MAP_SYNC = 0x80000;

    private static readonly void* s_failed = (void*)-1;

    /// <summary>PROT_* of a mapping.</summary>
    internal static int ProtectionOf(bool writable) => writable ? PROT_READ | PROT_WRITE : PROT_READ;

    /// <summary>
    /// MAP_* of a mapping of a file. MAP_SHARED_VALIDATE is needed for the kernel to refuse MAP_SYNC where it cannot keep it,
    /// and not to ignore it.
    /// </summary>
    internal static int SharingOf(bool isSync) => isSync ? MAP_SHARED_VALIDATE | MAP_SYNC : MAP_SHARED;

    /// <summary>Maps a range of a file shared.</summary>
    /// <param name="hint">Where, if nothing else is there; null for anywhere.</param>
    /// <param name="length">Bytes, positive.</param>
    /// <param name="writable">Whether stores may be made.</param>
    /// <param name="isSync">Whether with MAP_SYNC.</param>
    /// <param name="file">The file, open for as much.</param>
    /// <param name="offset">Where it begins in the file, page-aligned.</param>
    /// <param name="pages">What is mapped; invalid where nothing is.</param>
    /// <returns>0, or the error number: EOPNOTSUPP where the file system cannot keep MAP_SYNC for the file, EINVAL where the kernel does
    /// not know MAP_SHARED_VALIDATE.</returns>
    internal static int TryMapFile(
        byte* hint, nuint length, bool writable, bool isSync, SafeFileHandle file, long offset, out MappedPages pages)
    {
        pages = new MappedPages(length);
        void* start = Map(hint, length, ProtectionOf(writable), SharingOf(isSync), file, offset);
        if (start == s_failed)
        {
            return Errno.Last;
        }

        pages.Own((byte*)start);
        return 0;
    }

    /// <summary>An address from which on so many bytes are free at this moment; null where there is none.</summary>
    internal static byte* FindFree(nuint length)
    {
        void* start = Map(null, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (start == s_failed)
        {
            return null;
        }

        // Fails only where it would have to split a mapping of which this is a part: then addresses without memory stay taken.
        _ = Unmap(start, length);
        return (byte*)start;
    }

    /// <summary>Puts zero pages without a file where the range's pages are.</summary>
    /// <param name="start">Where, page-aligned.</param>
    /// <param name="length">Bytes, positive.</param>
    /// <param name="writable">Whether stores may be made.</param>
    /// <param name="isShared">Whether as MAP_SHARED, which RLIMIT_DATA does not count.</param>
    /// <returns>0, or the error number.</returns>
    internal static int TryReplaceByAnonymous(byte* start, nuint length, bool writable, bool isShared)
    {
        int flags = (isShared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;
        return Map(start, length, ProtectionOf(writable), flags, -1, 0) == start ? 0 : Errno.Last;
    }

    /// <summary>
    /// Maps memory without access: then the kernel does not populate it, even where it locks it.
    /// </summary>
    /// <param name="length">Bytes, positive.</param>
    /// <param name="isShared">Whether as MAP_SHARED; a file is.</param>
    /// <param name="file">The file; null for anonymous memory.</param>
    /// <param name="start">Where, over what is there; null for anywhere. Then where it is.</param>
    /// <param name="offset">Where it begins in the file, page-aligned.</param>
    /// <returns>0, or the error number: EAGAIN where it would be locked, and no more may be.</returns>
    internal static int TryMapWithoutAccess(nuint length, bool isShared, SafeFileHandle? file, ref byte* start, long offset = 0)
    {
        int flags = (isShared ? MAP_SHARED : MAP_PRIVATE) | MAP_NORESERVE | (start == null ? 0 : MAP_FIXED);
        void* mapped = file is null
            ? Map(start, length, PROT_NONE, flags | MAP_ANONYMOUS, -1, 0)
            : Map(start, length, PROT_NONE, flags, file, offset);
        if (mapped == s_failed)
        {
            return Errno.Last;
        }

        start = (byte*)mapped;
        return 0;
    }

    /// <summary>Puts the pages of a (sparse) file where the range's pages are.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryReplaceByFile(byte* start, nuint length, bool writable, SafeFileHandle file) =>
        Map(start, length, ProtectionOf(writable), MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file, 0) == start ? 0 : Errno.Last;

    /// <summary>Gives an address range back.</summary>
    internal static bool TryUnmap(byte* start, nuint length) => Unmap(start, length) == 0;

    [LibraryImport(Libc.Name, EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* start, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "mmap", SetLastError = true)]
    private static partial void* Map(void* start, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport(Libc.Name, EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* start, nuint length);
}
