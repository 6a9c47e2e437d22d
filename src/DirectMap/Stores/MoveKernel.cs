namespace DirectMap.Stores;

/// <summary>As <see cref="CopyKernel"/>, but the ranges may overlap in either direction.</summary>
internal static unsafe class MoveKernel
{
    /// <inheritdoc cref="CopyKernel.Temporal"/>
    internal static void Temporal(byte* to, byte* from, nuint length)
    {
        if (IsUp(to, from, length))
        {
            CopyKernel.Temporal(to, from, length);
        }
        else
        {
            StoreLoop.Down<TemporalStores, MemorySource>(to, new MemorySource(from), 0, length);
        }
    }

    /// <inheritdoc cref="CopyKernel.NonTemporal"/>
    internal static Leftover NonTemporal(byte* to, byte* from, nuint length) =>
        IsUp(to, from, length)
            ? CopyKernel.NonTemporal(to, from, length)
            : NonTemporalLoop.Down<NonTemporalStores, TemporalStores, MemorySource>(to, new MemorySource(from), length);

    /// <summary>Whether it can be copied from the first byte on: unless it goes to higher addresses, over its own end.</summary>
    // A lower address is, by wrapping around, far away.
    internal static bool IsUp(byte* to, byte* from, nuint length) => (nuint)to - (nuint)from >= length;
}
