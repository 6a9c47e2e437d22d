using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace DirectMap.Stores;

/// <summary>
/// Stores that do not bring their lines into a cache; what they do to a line that is in one is
/// <see cref="Linux.CacheFlush.NonTemporalStoresEvict"/>. They are done after <see cref="Linux.CacheFlush.Drain"/>. Only on x64: arm64's
/// non-temporal store (STNP) is a hint, and leaves the line in a cache if the processor likes; so there, and where the instruction sets are
/// switched off, these are ordinary stores, and say so.
/// </summary>
internal unsafe struct NonTemporalStores : IStores
{
    public static bool IsNonTemporal => Sse2.X64.IsSupported;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Part<T>(byte* to, T value)
        where T : unmanaged => TemporalStores.Part(to, value);

    // The instructions themselves, and not Vector128.StoreAlignedNonTemporal and its like: the body of those is an ordinary store, for
    // where they are not replaced by the instruction.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Word(byte* to, ulong value)
    {
        if (Sse2.X64.IsSupported)
        {
            Sse2.X64.StoreNonTemporal((ulong*)to, value);
        }
        else
        {
            TemporalStores.Word(to, value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector(byte* to, Vector128<byte> value)
    {
        if (Sse2.IsSupported)
        {
            Sse2.StoreAlignedNonTemporal(to, value);
        }
        else
        {
            TemporalStores.Vector(to, value);
        }
    }

    // x64 only: the loop has no vectors of these widths elsewhere.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector(byte* to, Vector256<byte> value) => Avx.StoreAlignedNonTemporal(to, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Vector(byte* to, Vector512<byte> value) => Avx512F.StoreAlignedNonTemporal(to, value);
}
