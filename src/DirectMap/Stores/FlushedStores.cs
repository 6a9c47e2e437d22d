namespace DirectMap.Stores;

/// <summary>
/// Copies, moves and fills whose bytes are in memory after the next <see cref="Linux.CacheFlush.Drain"/>: everything that may be in a cache
/// is flushed. The caller has checked the ranges and keeps them alive.
/// </summary>
/// <typeparam name="TFlush">What flushes.</typeparam>
internal static unsafe class FlushedStores<TFlush>
    where TFlush : struct, ILineFlush
{
    /// <param name="to">Where the byte at <paramref name="at"/> goes.</param>
    /// <param name="kernel">What is stored.</param>
    /// <param name="at">First byte, of what the kernel was made with.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="form">How.</param>
    internal static void Store<TKernel>(byte* to, TKernel kernel, nuint at, nuint length, StoreForm form = StoreForm.Automatic)
        where TKernel : struct, IKernel
    {
        if (IsNonTemporal(form, to, length))
        {
            Flush(to, length, kernel.NonTemporal(to, at, length));
        }
        else
        {
            kernel.Temporal(to, at, length);
            TFlush.Flush(to, length);
        }
    }

    private static bool IsNonTemporal(StoreForm form, byte* to, nuint length) =>
        NonTemporalStores.IsNonTemporal && (form == StoreForm.Automatic ? TFlush.Best((nuint)to, length) : form) == StoreForm.NonTemporal;

    private static void Flush(byte* to, nuint length, Leftover leftover)
    {
        if (!TFlush.NonTemporalStoresEvict)
        {
            TFlush.Flush(to, length); // Lines that were in a cache when they were stored to may still be there.
            return;
        }

        // In bounds: head and tail are parts of the range.
        if (leftover.Head != 0)
        {
            TFlush.Flush(to, leftover.Head);
        }

        if (leftover.Tail != 0)
        {
            TFlush.Flush(to + length - leftover.Tail, leftover.Tail);
        }
    }
}
