using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// Maps a range of a file with MAP_SYNC, which System.IO.MemoryMappedFiles cannot: the file system makes the block that a store goes to
/// durable before the store can reach it. On persistent memory (DAX) a store is then durable as soon as its cache line is.
/// </summary>
internal static unsafe class SyncMapping
{
    /// <summary>
    /// What one entry of the page table above the last maps, on x64 and on arm64 with pages of 4 KiB: the kernel maps as much of a file on
    /// DAX at once where address and block are alike aligned.
    /// </summary>
    private const nuint HugePage = 2 << 20;

    /// <summary>Between the look for free addresses and their use another thread may take them.</summary>
    private const int MaxAttempts = 4;

    /// <summary>Maps the range shared with MAP_SYNC, excluded from children (MADV_DONTFORK).</summary>
    /// <param name="file">The file, open for what <paramref name="access"/> needs.</param>
    /// <param name="range">The bytes; the offset is page-aligned, the length is positive. Pages beyond the end of the
    /// file are mapped too.</param>
    /// <param name="access">Protection.</param>
    /// <param name="path">For messages.</param>
    /// <param name="missing">Why there is no MAP_SYNC for the file; null where it is mapped.</param>
    /// <returns>The view; null where the kernel or the file system does not have MAP_SYNC for the file.</returns>
    /// <exception cref="Exception">What the error number of mmap(2) stands for, where another kind of mapping would fail too.</exception>
    internal static LinuxView? TryCreate(SafeFileHandle file, FileRange range, MappingAccess access, string path, out string? missing)
    {
        int errno = TryMap(file, range, access == MappingAccess.ReadWrite, isSync: true, out MappedPages pages);
        if (errno == Errno.ENOMEM)
        {
            pages.Dispose();
            ReplacedRanges.Collect();
            errno = TryMap(file, range, access == MappingAccess.ReadWrite, isSync: true, out pages);
        }

        if (errno == 0)
        {
            missing = null;
            return new LinuxView(pages, range.Length, access == MappingAccess.ReadWrite, missing);
        }

        pages.Dispose();
        missing = $"MAP_SYNC was refused: {Errno.NameOf(errno)}";
        return errno is Errno.EOPNOTSUPP or Errno.EINVAL ? null : throw Errno.ToException(errno, "mmap with MAP_SYNC", path, range);
    }

    /// <returns>0, or the error number: then nothing is mapped.</returns>
    internal static int TryMap(SafeFileHandle file, FileRange range, bool writable, bool isSync, out MappedPages pages)
    {
        nuint length = (nuint)range.Length;
        int errno = Mmap.TryMapFile(null, length, writable, isSync, file, range.Offset, out pages);
        for (int attempt = 0; errno == 0 && attempt < MaxAttempts && length >= HugePage && !IsAligned(pages, range); attempt++)
        {
            pages = Better(pages, file, range, writable, isSync);
        }

        if (errno == 0)
        {
            errno = Madvise.TryExcludeFromChildren(pages.Start, length);
        }

        if (errno != 0)
        {
            pages.Dispose();
        }

        return errno;
    }

    /// <summary>Whether each whole huge page of the file can be one of the mapping.</summary>
    private static bool IsAligned(MappedPages pages, FileRange range) => (((nuint)pages.Start - (nuint)range.Offset) & (HugePage - 1)) == 0;

    /// <summary>
    /// The same range of the file where it is aligned, or as it was: then it is slower, and as good. The address is a hint. MAP_FIXED over
    /// a reservation would be certain, but where the kernel refuses the mapping it may have taken the reservation away before, and what
    /// another thread maps into the gap would be unmapped with the rest.
    /// </summary>
    private static MappedPages Better(MappedPages pages, SafeFileHandle file, FileRange range, bool writable, bool isSync)
    {
        nuint length = (nuint)range.Length;
        byte* free = Mmap.FindFree(length + (2 * HugePage)); // Some kernels take the hint only with so much room behind it.
        if (free == null)
        {
            return pages;
        }

        byte* hint = free + (((nuint)range.Offset - (nuint)free) & (HugePage - 1));
        if (Mmap.TryMapFile(hint, length, writable, isSync, file, range.Offset, out MappedPages other) == 0 && IsAligned(other, range))
        {
            pages.Dispose();
            return other;
        }

        other.Dispose();
        return pages;
    }
}
