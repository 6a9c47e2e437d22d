using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DirectMap.Stores;

/// <summary>Ordinary stores: everything is in a cache afterwards.</summary>
internal unsafe struct TemporalStores : IStores
{
    public static bool IsNonTemporal => false;

    // In bounds and alive, here and below: as the caller of the kernel promised for the whole range, of which the loop
    // stores each byte once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Part<T>(byte* to, T value)
        where T : unmanaged => *(T*)to = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Word(byte* to, ulong value) => *(ulong*)to = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector(byte* to, Vector128<byte> value) => value.StoreAligned(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector(byte* to, Vector256<byte> value) => value.StoreAligned(to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector(byte* to, Vector512<byte> value) => value.StoreAligned(to);
}
