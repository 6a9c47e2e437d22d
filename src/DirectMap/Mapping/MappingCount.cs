using DirectMap.Linux;

namespace DirectMap.Mapping;

/// <summary>
/// Keeps the process from the kernel's limit of memory mappings (vm.max_map_count), at which the runtime ends it. Regions are counted, live
/// ones and those that are gone and still hold their addresses; what else the process has mapped is counted only now and then, since the
/// kernel makes a list of all of it. Between two such counts as many regions may come as half of what was left.
/// </summary>
internal static class MappingCount
{
    /// <summary>What is left to the runtime, to other libraries, and to threads that map a region at one moment.</summary>
    internal const int Reserve = 512;

    private const string Maps = "/proc/self/maps";

    private static readonly long s_limit = ProcSys.ReadNumber("/proc/sys/vm/max_map_count", 65530);

    private static long s_regions;
    private static long s_next = Math.Max(1, s_limit / 4);

    /// <summary>A region is mapped.</summary>
    internal static void Add() => Interlocked.Increment(ref s_regions);

    /// <summary>Its addresses were given back.</summary>
    internal static void Remove() => Interlocked.Decrement(ref s_regions);

    /// <summary>Makes room for another mapping, where that helps by a collection.</summary>
    /// <exception cref="IOException">There is none (ENOMEM).</exception>
    internal static void ThrowIfTooMany(string path)
    {
        if (Volatile.Read(ref s_regions) < Volatile.Read(ref s_next) || HasRoom())
        {
            return;
        }

        ReplacedRanges.Collect();
        if (!HasRoom())
        {
            throw new IOException(
                $"mmap of '{path}': the process has nearly as many mappings as the kernel allows (vm.max_map_count, "
                    + $"{s_limit}), {Volatile.Read(ref s_regions)} of them regions; dispose some, or raise the limit (ENOMEM)")
            {
                HResult = Errno.ENOMEM
            };
        }
    }

    /// <summary>Counts all mappings of the process, and says when to do so again.</summary>
    private static bool HasRoom()
    {
        long left = s_limit - Reserve - Count();
        Volatile.Write(ref s_next, Volatile.Read(ref s_regions) + Math.Max(0, left / 2));
        return left > 0;
    }

    /// <summary>One line each; none where there is no such list.</summary>
    private static long Count()
    {
        if (!File.Exists(Maps))
        {
            return 0;
        }

        byte[] buffer = new byte[64 << 10];
        long lines = 0;
        using FileStream stream = new(Maps, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        for (int count; (count = stream.Read(buffer)) > 0;)
        {
            lines += buffer.AsSpan(0, count).Count((byte)'\n');
        }

        return lines;
    }
}
