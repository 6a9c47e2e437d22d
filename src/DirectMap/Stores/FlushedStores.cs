namespace DirectMap.Stores;

/// <summary>
/// Copies, moves and fills whose bytes are in memory after the next <see cref="Linux.CacheFlush.Drain"/>: everything that may be in a cache
/// is flushed. The caller has checked the ranges and keeps them alive.
/// </summary>
/// <typeparam name="TFlush">What flushes.</typeparam>
internal static unsafe class FlushedStores<TFlush>
    where TFlush : struct, ILineFlush
{
    /// <summary>The ranges do not overlap.</summary>
    internal static void Copy(byte* to, byte* from, nuint length, StoreForm form = StoreForm.Automatic)
    {
        if (IsNonTemporal(form, to, length))
        {
            Flush(to, length, CopyKernel.NonTemporal(to, from, length));
        }
        else
        {
            CopyKernel.Temporal(to, from, length);
            TFlush.Flush(to, length);
        }
    }

    /// <summary>The ranges may overlap.</summary>
    internal static void Move(byte* to, byte* from, nuint length, StoreForm form = StoreForm.Automatic)
    {
        if (IsNonTemporal(form, to, length))
        {
            Flush(to, length, MoveKernel.NonTemporal(to, from, length));
        }
        else
        {
            MoveKernel.Temporal(to, from, length);
            TFlush.Flush(to, length);
        }
    }

    internal static void Fill(byte* to, byte value, nuint length, StoreForm form = StoreForm.Automatic)
    {
        if (IsNonTemporal(form, to, length))
        {
            Flush(to, length, FillKernel.NonTemporal(to, value, length));
        }
        else
        {
            FillKernel.Temporal(to, value, length);
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
