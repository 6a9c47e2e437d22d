using DirectMap.Durability;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Mapping;

/// <summary>
/// Makes single pages of the large folios of a mapped file that is stored to and persisted by pages. A folio is what the page cache knows
/// as dirty: a store to one byte, made durable, writes all of it back, up to 2 MiB. Folios become large by a large write(2), and by
/// readahead that finds a file being read from end to end.
/// <para>
/// They are split where they are (MADV_COLD on a part of one): before the first store to a window of the file, and after a persist that
/// has written more than it was asked for. So the file stays in the page cache for those who need it; who only reads has his readahead; and
/// whatever made a folio large, it is written as a whole once at most. The other ways were measured and left. Without readahead
/// (MADV_RANDOM) no folio becomes large, but a file that is not in the cache is read 40 times as slowly from end to end, and pages that are
/// used often are reclaimed with the rest. When the file is evicted (POSIX_FADV_DONTNEED) the next access to each page reads it from the
/// device. MADV_NOHUGEPAGE does nothing here, and POSIX_FADV_RANDOM is not for mappings.
/// </para>
/// <para>
/// All of it is advice. Nothing is stored, and nothing depends on what the kernel answers: one that splits nothing (6.18 does, older ones
/// may not), or a folio that another process has mapped or that somebody is just reading, leaves things as they were. Safe for any thread,
/// also while pages are lost or the mapping is revoked.
/// </para>
/// </summary>
internal sealed unsafe class LargeFolios
{
    /// <summary>What is looked through before the first store to any byte of it: a bound for the time that this store takes.</summary>
    internal const long Window = 64 << 20;

    /// <summary>Pages of the smallest folio that is worth it. Folios are aligned to their size in the file.</summary>
    private const int Group = 4;

    private const int PagesPerBlock = 512;

    /// <summary>A persist of more pages writes too many itself for those beside them to matter.</summary>
    private const int MaxPages = 64;

    /// <summary>Pages that may have to be read from the device so that a window can be split.</summary>
    private const int MaxRead = 256;

    private readonly byte* _start;
    private readonly FileRange _range;

    private LargeFolios(byte* start, FileRange range)
    {
        _start = start;
        _range = range;
    }

    private static int PageSize => Environment.SystemPageSize;

    /// <returns>Null where a store dirties no folio of a file, or never becomes durable through one.</returns>
    internal static LargeFolios? Of(RegionMapping mapping, RegionFacts facts) =>
        facts is
        {
            Access: MappingAccess.ReadWrite,
            IsEmulated: true,
            Granularity.Value: PersistGranularity.Page,
            Durability.Value: DurabilityKind.PageCache or DurabilityKind.Unknown
        } && !mapping.IsCooperative
            ? new LargeFolios(mapping.Start, facts.Range)
            : null;

    /// <summary>Splits what is large, clean and in the page cache of some pages of a view.</summary>
    /// <param name="view">The view.</param>
    /// <param name="fileOffset">Where it begins in the file, page-aligned.</param>
    /// <param name="from">First byte in the view, page-aligned.</param>
    /// <param name="to">End in the view.</param>
    internal static void Split(MappedView view, long fileOffset, long from, long to)
    {
        if (!view.DetachUnmaps)
        {
            Split(view.Start, fileOffset, from, to);
        }
    }

    /// <summary>
    /// Splits what is large in the window around an offset in the region, if a look at some pages finds that anything is. Most windows
    /// have small folios, or none: to go through one takes milliseconds, the look a tenth of one.
    /// </summary>
    internal void SplitWindow(SafeFileHandle file, long offset)
    {
        long window = Rounding.Down(_range.Offset + offset, Window);
        long from = Math.Max(window - _range.Offset, 0);
        long to = Math.Min(window + Window, _range.End) - _range.Offset;
        long at = Rounding.Down(offset, PageSize);
        bool isLarge = IsLarge(file, at);

        // The next one is four times as far away as the one before: what is stored to next is most often near.
        for (long distance = Group * PageSize; !isLarge && distance < Window; distance *= 4)
        {
            isLarge = (at + distance < to && IsLarge(file, at + distance)) || (at - distance >= from && IsLarge(file, at - distance));
        }

        if (isLarge && IsCached(file, at, from, to))
        {
            Split(_start, _range.Offset, from, to);
        }
    }

    /// <summary>
    /// Whether a persist of some bytes of the region is about to write more than their pages: whether one beside them is dirty as well.
    /// Somebody may have stored to it, so this is a guess. So it is where none is dirty: nobody has stored, or the page cache is that of
    /// another file, which is mapped in this one's place (overlayfs).
    /// </summary>
    internal bool WritesMore(SafeFileHandle file, long offset, long length)
    {
        long first = (_range.Offset + offset) / PageSize;
        long pages = Rounding.Count(_range.Offset + offset + length, PageSize) - first;
        long before = Math.Min(first, 1);
        FileRange around = new((first - before) * PageSize, (before + pages + 1) * PageSize);
        return pages is > 0 and <= MaxPages && Cachestat.TryCountDirty(file, around, out long dirty) == 0
            && (dirty > pages || dirty == 0);
    }

    /// <summary>Splits the folios in which some bytes of the region begin and end. They were stored to, so they are mapped.</summary>
    internal void SplitAt(long offset, long length)
    {
        // In bounds: whole pages are mapped. Alive: the caller's.
        long first = Rounding.Down(offset, PageSize);
        long last = Rounding.Down(offset + length - 1, PageSize);
        _ = Madvise.TryCool(_start + first, (nuint)PageSize);
        if (last != first)
        {
            _ = Madvise.TryCool(_start + last, (nuint)PageSize);
        }
    }

    /// <summary>
    /// Whether a page is part of a larger folio. The kernel does not say so to everybody, but it drops no folio for the sake of a part of
    /// it. A page that is dirty, or that another process has mapped, passes for one as well.
    /// </summary>
    private bool IsLarge(SafeFileHandle file, long page)
    {
        byte* at = _start + page; // In bounds and alive, as in SplitAt.
        FileRange range = new(_range.Offset + page, PageSize);
        if (!IsResident(at))
        {
            return false;
        }

        // It would not be dropped. Its mapping has to stay, too: the next store to it would ask the file system, which may be shut down.
        if (Cachestat.TryCountDirty(file, range, out long dirty) == 0 && dirty > 0)
        {
            return true;
        }

        _ = Madvise.TryForget(at, (nuint)PageSize); // Our own mapping of it would keep it in the cache.
        _ = Fadvise.TryDrop(file, range);
        if (IsResident(at))
        {
            return true;
        }

        _ = Fadvise.TryReadAhead(file, range); // Somebody may need it.
        return false;
    }

    /// <summary>
    /// Whether what mincore calls resident is in the page cache, all but a little. To a process that neither owns the file nor may write
    /// it, which may be so after setuid, mincore calls everything resident; to split that would be to read it from the device. Nobody says
    /// so where there is no cachestat, nor where it counts the pages of another file (overlayfs): mincore is believed there.
    /// </summary>
    private bool IsCached(SafeFileHandle file, long at, long from, long to)
    {
        // The store that is about to come reads this page anyway, and then there is one to be counted.
        _ = Madvise.TryPopulate(_start + at, (nuint)PageSize, writing: false);
        return Cachestat.TryCountCached(file, new FileRange(_range.Offset + at, PageSize), out long one) != 0
            || one == 0
            || Cachestat.TryCountCached(file, new FileRange(_range.Offset + from, to - from), out long cached) != 0
            || CountResident(_start, from, to) - cached <= MaxRead;
    }

    private static long CountResident(byte* start, long from, long to)
    {
        long count = 0;
        Span<byte> resident = stackalloc byte[PagesPerBlock];
        for (long block = from; block < to; block += PagesPerBlock * PageSize)
        {
            Span<byte> pages = PagesOf(block, to, resident);
            if (Mincore.Try(start + block, pages) == 0) // In bounds and alive, as in SplitAt.
            {
                foreach (byte page in pages)
                {
                    count += page & 1;
                }
            }
        }

        return count;
    }

    /// <summary>A byte for each page of a block.</summary>
    private static Span<byte> PagesOf(long block, long to, Span<byte> bytes) =>
        bytes[..(int)Math.Min(Rounding.Count(to - block, PageSize), PagesPerBlock)];

    private static bool IsResident(byte* page)
    {
        Span<byte> resident = [0];
        return Mincore.Try(page, resident) == 0 && (resident[0] & 1) != 0;
    }

    private static void Split(byte* start, long fileOffset, long from, long to)
    {
        Span<byte> resident = stackalloc byte[PagesPerBlock];
        for (long block = from; block < to; block += PagesPerBlock * PageSize)
        {
            Span<byte> pages = PagesOf(block, to, resident);
            if (Mincore.Try(start + block, pages) == 0) // In bounds and alive, as in SplitAt.
            {
                SplitResident(start + block, (fileOffset + block) / PageSize, pages);
            }
        }
    }

    /// <param name="block">Address of the first page.</param>
    /// <param name="index">Its number in the file.</param>
    /// <param name="resident">A byte for each page, as mincore tells.</param>
    private static void SplitResident(byte* block, long index, ReadOnlySpan<byte> resident)
    {
        for (int first = 0, end; first < resident.Length; first = end + 1)
        {
            for (end = first; end < resident.Length && (resident[end] & 1) != 0;)
            {
                end++;
            }

            // The kernel splits only what is mapped. With an error number in place of a signal, should the file be shorter by now.
            byte* run = block + ((long)first * PageSize);
            if (end > first && Madvise.TryPopulate(run, (nuint)(end - first) * (nuint)PageSize, writing: false) == 0)
            {
                for (int page = first; page < end; page++)
                {
                    if ((index + page) % Group == 0)
                    {
                        _ = Madvise.TryCool(block + ((long)page * PageSize), (nuint)PageSize);
                    }
                }
            }
        }
    }
}
