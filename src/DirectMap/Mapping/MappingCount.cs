using System.Diagnostics;
using DirectMap.Linux;

namespace DirectMap.Mapping;

/// <summary>
/// Keeps the process from the kernel's limit of memory mappings (vm.max_map_count), at which the runtime ends it. Regions are counted, live
/// ones and those that are gone and still hold their addresses; what else the process has mapped is counted for its first region, and
/// then only now and then, since the kernel makes a list of all of it, at some 1 us for each. Of what was left at such a count half is for
/// regions, and half for others. So all is counted again, before a region is mapped, when as many regions have come, or when others may
/// have taken their half by the time that has passed.
/// </summary>
internal static class MappingCount
{
    /// <summary>What is left to the runtime, to other libraries, and to threads that map a region at one moment.</summary>
    internal const int Reserve = 512;

    /// <summary>
    /// How long a refusal holds, in milliseconds, unless a region is disposed or goes: near the limit a count takes tens of milliseconds,
    /// and a refusal takes two of them and a collection.
    /// </summary>
    private const int RefusalHolds = 1000;

    /// <summary>What others are taken to map in a millisecond at most: some 4 us for each.</summary>
    private const int OthersInMillisecond = 250;

    private static long s_regions;
    private static Room? s_room; // null before the first count
    private static Refusal? s_refusal;

    /// <summary>A region is mapped.</summary>
    internal static void Add() => Interlocked.Increment(ref s_regions);

    /// <summary>Its addresses were given back.</summary>
    internal static void Remove() => Interlocked.Decrement(ref s_regions);

    /// <summary>Makes room for another mapping, where that helps by a collection.</summary>
    /// <exception cref="IOException">There is none (ENOMEM).</exception>
    internal static void ThrowIfTooMany(string path)
    {
        if (Volatile.Read(ref s_room) is { IsLeft: true })
        {
            return;
        }

        if (Volatile.Read(ref s_refusal) is { Holds: true } refusal)
        {
            throw refusal.Of(path);
        }

        if (HasRoom(out _))
        {
            return;
        }

        ReplacedRanges.Collect();
        if (!HasRoom(out long limit))
        {
            refusal = new Refusal(limit);
            Volatile.Write(ref s_refusal, refusal);
            throw refusal.Of(path);
        }
    }

    /// <summary>Counts all mappings of the process, and says when to do so again.</summary>
    /// <param name="limit">The kernel's, which may have been raised meanwhile.</param>
    private static bool HasRoom(out long limit)
    {
        limit = ProcSys.ReadNumber("/proc/sys/vm/max_map_count", 65530);
        long regions = Volatile.Read(ref s_regions); // before the count, so that no region is left out of both
        long left = TryCount(out long mappings) ? limit - Reserve - mappings : Reserve;
        Volatile.Write(ref s_room, new Room(regions, Math.Max(0, left / 2)));
        return left > 0;
    }

    /// <summary>One line each. False where there is no such list, or no descriptor to read it with.</summary>
    private static bool TryCount(out long mappings)
    {
        mappings = 0;
        try
        {
            Span<byte> buffer = stackalloc byte[4096]; // The kernel gives no more at once.
            using FileStream stream = new("/proc/self/maps", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            for (int count; (count = stream.Read(buffer)) > 0;)
            {
                mappings += buffer[..count].Count((byte)'\n');
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>What there was at a count, which has just ended.</summary>
    /// <param name="regions">Before it.</param>
    /// <param name="half">What is for regions, and as much again for others.</param>
    private sealed class Room(long regions, long half)
    {
        private readonly long _regions = regions + half;
        private readonly long _until = Stopwatch.GetTimestamp() + (half * Stopwatch.Frequency / (1000 * OthersInMillisecond));

        internal bool IsLeft => Volatile.Read(ref s_regions) < _regions && Stopwatch.GetTimestamp() < _until;
    }

    private sealed class Refusal(long limit)
    {
        private readonly long _regions = Volatile.Read(ref s_regions);
        private readonly int _replaced = ReplacedRanges.Count;
        private readonly long _at = Environment.TickCount64;

        internal bool Holds =>
            Volatile.Read(ref s_regions) >= _regions
            && ReplacedRanges.Count <= _replaced
            && Environment.TickCount64 - _at < RefusalHolds;

        internal IOException Of(string path) =>
            new($"mmap of '{path}': the process has nearly as many mappings as the kernel allows (vm.max_map_count, "
                + $"{limit}), {_regions} of them regions; dispose some, or raise the limit (ENOMEM)")
            {
                HResult = Errno.ENOMEM
            };
    }
}
