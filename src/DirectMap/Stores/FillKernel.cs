using System.Runtime.CompilerServices;

namespace DirectMap.Stores;

/// <summary>As <see cref="CopyKernel"/>, with one value for all bytes.</summary>
internal readonly unsafe struct FillKernel(byte value) : IKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Temporal(byte* to, nuint at, nuint length) =>
        StoreLoop.Up<TemporalStores, ValueSource>(to, new ValueSource(value), 0, length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Leftover NonTemporal(byte* to, nuint at, nuint length) =>
        NonTemporalLoop.Up<NonTemporalStores, TemporalStores, ValueSource>(to, new ValueSource(value), length);
}
