using System.IO.MemoryMappedFiles;
using DirectMap.Benchmarks.Peers;

namespace DirectMap.Benchmarks.Targets;

/// <summary>A persist by pages, on a disk, beside the system call that it comes down to, and beside what the BCL has for it.</summary>
internal static unsafe class PagePersistTargets
{
    private const long Length = 64 << 20;
    private const int OtherPages = 1000;

    private static readonly int s_page = Environment.SystemPageSize;
    private static MappedRegion s_region = null!;
    private static MemoryMappedViewAccessor s_accessor = null!;
    private static byte* s_start;
    private static long s_next;

    internal static IEnumerable<Line> Measure(Paired paired)
    {
        using Place place = new(Place.Disk, Length);
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated with { RequiredGranularity = PersistGranularity.Page });
        using MemoryMappedFile bcl = MemoryMappedFile.CreateFromFile(place.Path, FileMode.Open);
        using MemoryMappedViewAccessor accessor = bcl.CreateViewAccessor();
        s_accessor = accessor;
        Use(region);
        int pairs = paired.IsShort ? 8 : 1500;
        yield return Line.AtMost(
            "one dirty page, to a bare msync of it", 1.05, paired.Compare(PersistOne, SyncOne, TimeSpan.FromTicks(1), pairs));
        yield return Line.Faster(
            $"one page of {OtherPages} + 1, to accessor.Flush", 3, paired.Compare(PersistOne, FlushAll, null, 60, DirtyOthers));
    }

    private static void Use(MappedRegion region)
    {
        s_region = region;
        s_start = Place.StartOf(region); // Next is below the region's length, and it is disposed after the last comparison.
    }

    private static void DirtyOthers()
    {
        s_accessor.Flush(); // What a persist of one page has left, or the peer would pay for that, too.
        for (int i = 0; i < OtherPages; i++)
        {
            *(long*)(s_start + Next()) = i;
        }
    }

    private static void PersistOne(int count)
    {
        for (int i = 0; i < count; i++)
        {
            long at = Next();
            s_region.Write(at, at + i);
            s_region.Persist(at, sizeof(long));
        }
    }

    private static void SyncOne(int count)
    {
        for (int i = 0; i < count; i++)
        {
            byte* at = s_start + Next();
            *(long*)at = i;
            if (BareMsync.Of(at, sizeof(long)) != 0)
            {
                throw new IOException("msync");
            }
        }
    }

    private static void FlushAll(int count)
    {
        for (int i = 0; i < count; i++)
        {
            *(long*)(s_start + Next()) = i;
            s_accessor.Flush();
        }
    }

    /// <summary>Where the next page begins: another one each time, and far from the one before.</summary>
    private static long Next() => s_next = (s_next + (37 * (long)s_page)) % Length;
}
