using DirectMap.Linux;

namespace DirectMap.Mapping;

/// <summary>
/// Counts the address ranges that hold anonymous pages because their regions are gone but still referenced. Each is a mapping
/// to the kernel, which allows a process vm.max_map_count of them, and the runtime itself fails hard at that limit; so the
/// library stops well before.
/// </summary>
internal static class ReplacedRanges
{
    private static int s_limit = ReadLimit();
    private static int s_count;

    internal static int Count => Volatile.Read(ref s_count);

    internal static void Add() => Interlocked.Increment(ref s_count);

    internal static void Remove() => Interlocked.Decrement(ref s_count);

    /// <summary>
    /// Makes room for another mapping. Only here, and where mmap says ENOMEM, a collection is forced: what is unreferenced
    /// gives its range back.
    /// </summary>
    /// <exception cref="InvalidOperationException">Too many disposed or revoked regions are still referenced.</exception>
    internal static void ThrowIfTooMany()
    {
        if (Count < Volatile.Read(ref s_limit))
        {
            return;
        }

        int limit = ReadLimit(); // It may have been raised.
        Volatile.Write(ref s_limit, limit);
        if (Count < limit)
        {
            return;
        }

        Collect();
        if (Count >= limit)
        {
            throw new InvalidOperationException(
                $"{Count} disposed or revoked regions are still referenced and hold their address ranges (limit {limit}, "
                    + "half of vm.max_map_count). Drop the references to regions that are no longer used.");
        }
    }

    internal static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private static int ReadLimit() => (int)(ProcSys.ReadNumber("/proc/sys/vm/max_map_count", 65530) / 2);
}
