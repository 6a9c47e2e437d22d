using System.Runtime.CompilerServices;

namespace DirectMap.Stores;

/// <summary>
/// Copies bytes to a mapping, from memory that does not overlap it. The caller has checked both ranges and keeps them alive. No word with
/// an address that is a multiple of eight is torn: see <see cref="StoreLoop"/>. Nothing is flushed, and nothing drained.
/// </summary>
internal readonly unsafe struct CopyKernel(byte* from) : IKernel
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Temporal(byte* to, nuint at, nuint length) =>
        StoreLoop.Up<TemporalStores, MemorySource>(to, new MemorySource(from + at), 0, length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Leftover NonTemporal(byte* to, nuint at, nuint length) =>
        NonTemporalLoop.Up<NonTemporalStores, TemporalStores, MemorySource>(to, new MemorySource(from + at), length);
}
