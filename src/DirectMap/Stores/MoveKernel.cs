using System.Runtime.CompilerServices;

namespace DirectMap.Stores;

/// <summary>As <see cref="CopyKernel"/>, but the ranges may overlap in either direction.</summary>
internal readonly unsafe struct MoveKernel(byte* from) : IKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Temporal(byte* to, nuint at, nuint length)
    {
        MemorySource source = new(from + at);
        if (IsUp(to, from + at, length))
        {
            StoreLoop.Up<TemporalStores, MemorySource>(to, source, 0, length);
        }
        else
        {
            StoreLoop.Down<TemporalStores, MemorySource>(to, source, 0, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Leftover NonTemporal(byte* to, nuint at, nuint length)
    {
        MemorySource source = new(from + at);
        return IsUp(to, from + at, length)
            ? NonTemporalLoop.Up<NonTemporalStores, TemporalStores, MemorySource>(to, source, length)
            : NonTemporalLoop.Down<NonTemporalStores, TemporalStores, MemorySource>(to, source, length);
    }

    /// <summary>Whether it can be copied from the first byte on: unless it goes to higher addresses, over its own end.</summary>
    // A lower address is, by wrapping around, far away.
    private static bool IsUp(byte* to, byte* from, nuint length) => (nuint)to - (nuint)from >= length;
}
