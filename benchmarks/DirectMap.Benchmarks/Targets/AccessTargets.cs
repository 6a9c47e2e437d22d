using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DirectMap.Benchmarks.Targets;

/// <summary>What a checked access costs beside a raw pointer into the same mapping, and beside the BCL's accessor.</summary>
internal static unsafe class AccessTargets
{
    private const int Cache = 4096;
    private const int PerPass = Cache / sizeof(long);
    private const long Memory = 256 << 20;
    private const int ScanBytes = 64 << 10;
    private const int PerRandomPass = 256;

    private static readonly byte[] s_copy = GC.AllocateArray<byte>(ScanBytes, pinned: true);

    private static MappedRegion s_region = null!;
    private static MemoryMappedViewAccessor s_accessor = null!;
    private static byte* s_pointer;
    private static long[] s_offsets = [];
    private static int s_nextOffset;
    private static long s_at;
    private static long s_sum;

    /// <summary>Sequential, in the L1 cache.</summary>
    internal static IEnumerable<Line> Cached(Paired paired)
    {
        using Place place = new(Place.Memory, 1 << 20);
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated);
        using MemoryMappedFile bcl = MemoryMappedFile.CreateFromFile(place.Path, FileMode.Open);
        using MemoryMappedViewAccessor accessor = bcl.CreateViewAccessor();
        Use(region, accessor);
        yield return Line.AtMost("Read<long>, to a raw pointer", 2.5, paired.Compare(ReadChecked, ReadRaw));
        yield return Line.AtMost("Write<long>, to a raw pointer", 2.5, paired.Compare(WriteChecked, WriteRaw));
        yield return Line.Faster("Read<long>, to MemoryMappedViewAccessor", 20, paired.Compare(ReadChecked, ReadAccessor));
        yield return Line.Faster("Write<long>, to MemoryMappedViewAccessor", 20, paired.Compare(WriteChecked, WriteAccessor));
    }

    /// <summary>Anywhere in 256 MiB.</summary>
    internal static IEnumerable<Line> Uncached(Paired paired)
    {
        using Place place = new(Place.Memory, Memory);
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated);
        Use(region, null);
        s_offsets = MakeOffsets();
        Link(region, s_offsets);

        yield return Line.AtMost(
            "Read<long>, one after the other, to a pointer", 1.2, paired.Compare(FollowChecked, FollowRaw, TimeSpan.FromMicroseconds(300)));
        yield return Line.AtMost(
            "Read<long>, independent, to a raw pointer",
            1.2,
            paired.Compare(ReadCheckedAnywhere, ReadRawAnywhere, TimeSpan.FromMicroseconds(300)));
        yield return Line.AtMost(
            "Write<long>, independent, to a raw pointer",
            1.2,
            paired.Compare(WriteCheckedAnywhere, WriteRawAnywhere, TimeSpan.FromMicroseconds(300)));
    }

    /// <summary>64 KiB through a scope's span, opening and closing included.</summary>
    internal static IEnumerable<Line> Scan(Paired paired)
    {
        using Place place = new(Place.Memory, 1 << 20);
        using MappedRegion region = place.File.Map(MapOptions.DirectOrEmulated);
        Use(region, null);
        yield return Line.AtMost(
            "sum of 64 KiB as longs, to a raw pointer", 1.03, paired.Compare(ScanScope, ScanRaw, TimeSpan.FromMicroseconds(200), 1000));
        yield return Line.AtMost(
            "copy of 64 KiB out of it, to a raw pointer", 1.03, paired.Compare(CopyScope, CopyRaw, TimeSpan.FromMicroseconds(200), 1000));
    }

    private static void Use(MappedRegion region, MemoryMappedViewAccessor? accessor)
    {
        s_region = region;
        s_accessor = accessor!;
        s_pointer = Place.StartOf(region); // All offsets are below the region's length, and it is disposed after the last comparison.
    }

    private static void ReadRaw(int count)
    {
        long sum = 0;
        byte* pointer = s_pointer;
        for (int i = 0; i < count; i++)
        {
            for (long offset = 0; offset < Cache; offset += sizeof(long))
            {
                sum += *(long*)(pointer + offset);
            }
        }

        s_sum = sum;
    }

    private static void ReadChecked(int count)
    {
        long sum = 0;
        MappedRegion region = s_region;
        for (int i = 0; i < count; i++)
        {
            for (long offset = 0; offset < Cache; offset += sizeof(long))
            {
                sum += region.Read<long>(offset);
            }
        }

        s_sum = sum;
    }

    private static void ReadAccessor(int count)
    {
        long sum = 0;
        MemoryMappedViewAccessor accessor = s_accessor;
        for (int i = 0; i < count; i++)
        {
            for (long offset = 0; offset < Cache; offset += sizeof(long))
            {
                sum += accessor.ReadInt64(offset);
            }
        }

        s_sum = sum;
    }

    private static void WriteRaw(int count)
    {
        byte* pointer = s_pointer;
        for (int i = 0; i < count; i++)
        {
            for (long offset = 0; offset < Cache; offset += sizeof(long))
            {
                *(long*)(pointer + offset) = offset;
            }
        }
    }

    private static void WriteChecked(int count)
    {
        MappedRegion region = s_region;
        for (int i = 0; i < count; i++)
        {
            for (long offset = 0; offset < Cache; offset += sizeof(long))
            {
                region.Write(offset, offset);
            }
        }
    }

    private static void WriteAccessor(int count)
    {
        MemoryMappedViewAccessor accessor = s_accessor;
        for (int i = 0; i < count; i++)
        {
            for (long offset = 0; offset < Cache; offset += sizeof(long))
            {
                accessor.Write(offset, offset);
            }
        }
    }

    /// <summary>
    /// Writes at each offset which one comes next, so that no read can begin before the one before has ended; the last one leads
    /// back to the first one.
    /// </summary>
    private static void Link(MappedRegion region, long[] offsets)
    {
        region.Fill(0, Memory, 0);
        for (int i = 0; i < offsets.Length; i++)
        {
            region.Write(offsets[i], offsets[(i + 1) % offsets.Length]);
        }

        s_at = offsets[0];
    }

    private static void FollowRaw(int count)
    {
        long at = s_at;
        byte* pointer = s_pointer;
        for (int i = 0; i < count * PerRandomPass; i++)
        {
            at = *(long*)(pointer + at);
        }

        s_at = at;
    }

    private static void FollowChecked(int count)
    {
        long at = s_at;
        MappedRegion region = s_region;
        for (int i = 0; i < count * PerRandomPass; i++)
        {
            at = region.Read<long>(at);
        }

        s_at = at;
    }

    private static void ReadRawAnywhere(int count)
    {
        long sum = 0;
        byte* pointer = s_pointer;
        for (int i = 0; i < count; i++)
        {
            foreach (long offset in NextOffsets())
            {
                sum += *(long*)(pointer + offset);
            }
        }

        s_sum = sum;
    }

    private static void ReadCheckedAnywhere(int count)
    {
        long sum = 0;
        MappedRegion region = s_region;
        for (int i = 0; i < count; i++)
        {
            foreach (long offset in NextOffsets())
            {
                sum += region.Read<long>(offset);
            }
        }

        s_sum = sum;
    }

    private static void WriteRawAnywhere(int count)
    {
        byte* pointer = s_pointer;
        for (int i = 0; i < count; i++)
        {
            foreach (long offset in NextOffsets())
            {
                *(long*)(pointer + offset) = i;
            }
        }
    }

    private static void WriteCheckedAnywhere(int count)
    {
        MappedRegion region = s_region;
        for (int i = 0; i < count; i++)
        {
            foreach (long offset in NextOffsets())
            {
                region.Write(offset, (long)i);
            }
        }
    }

    /// <summary>
    /// Made before, so that what is measured is the access. Another part of them each time: what a slice has touched is out of the caches
    /// before it comes again.
    /// </summary>
    private static ReadOnlySpan<long> NextOffsets()
    {
        s_nextOffset = (s_nextOffset + PerRandomPass) % s_offsets.Length;
        return s_offsets.AsSpan(s_nextOffset, PerRandomPass);
    }

    private static long[] MakeOffsets()
    {
        Random random = new(1);
        long[] offsets = new long[1 << 20];
        for (int i = 0; i < offsets.Length; i++)
        {
            // no two alike
            offsets[i] = (i * (Memory / offsets.Length)) + (random.Next((int)(Memory / offsets.Length) / sizeof(long)) * sizeof(long));
        }

        random.Shuffle(offsets);
        return offsets;
    }

    private static void ScanRaw(int count)
    {
        for (int i = 0; i < count; i++)
        {
            long* pointer = (long*)s_pointer;
            long sum = 0;
            for (int at = 0; at < ScanBytes / sizeof(long); at++)
            {
                sum += pointer[at];
            }

            s_sum += sum;
        }
    }

    private static void ScanScope(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionScope scope = s_region.OpenScope(0, ScanBytes);
            ReadOnlySpan<long> span = MemoryMarshal.Cast<byte, long>(scope.ReadOnlySpan);
            long sum = 0;
            for (int at = 0; at < span.Length; at++)
            {
                sum += span[at];
            }

            scope.Complete();
            s_sum += sum;
        }
    }

    private static void CopyRaw(int count)
    {
        for (int i = 0; i < count; i++)
        {
            new ReadOnlySpan<byte>(s_pointer, ScanBytes).CopyTo(s_copy);
        }
    }

    private static void CopyScope(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using RegionScope scope = s_region.OpenScope(0, ScanBytes);
            scope.ReadOnlySpan.CopyTo(s_copy);
            scope.Complete();
        }
    }
}
