namespace DirectMap.Stores;

/// <summary>
/// Copies bytes to a mapping, from memory that does not overlap it. The caller has checked both ranges and keeps them alive. No word with
/// an address that is a multiple of eight is torn: see <see cref="StoreLoop"/>. Nothing is flushed, and nothing drained.
/// </summary>
internal static unsafe class CopyKernel
{
    /// <summary>By ordinary stores: the whole range needs a flush.</summary>
    internal static void Temporal(byte* to, byte* from, nuint length) =>
        StoreLoop.Up<TemporalStores, MemorySource>(to, new MemorySource(from), 0, length);

    /// <summary>By non-temporal stores, as far as possible; they are done after a drain.</summary>
    /// <returns>What was stored by ordinary stores all the same.</returns>
    internal static Leftover NonTemporal(byte* to, byte* from, nuint length) =>
        NonTemporalLoop.Up<NonTemporalStores, TemporalStores, MemorySource>(to, new MemorySource(from), length);
}
