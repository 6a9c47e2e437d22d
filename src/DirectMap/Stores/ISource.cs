using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DirectMap.Stores;

/// <summary>Where the bytes of a copy or fill come from. An index is a byte of the range.</summary>
internal interface ISource
{
    T Part<T>(nuint index)
        where T : unmanaged;

    Vector128<byte> Vector128(nuint index);

    Vector256<byte> Vector256(nuint index);

    Vector512<byte> Vector512(nuint index);
}

/// <summary>Memory, aligned or not.</summary>
internal readonly unsafe struct MemorySource(byte* from) : ISource
{
    // In bounds and alive, here and below: as the caller of the kernel promised for the whole source; the loop asks for the
    // indexes that it stores at.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Part<T>(nuint index)
        where T : unmanaged => Unsafe.ReadUnaligned<T>(from + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<byte> Vector128(nuint index) => System.Runtime.Intrinsics.Vector128.Load(from + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<byte> Vector256(nuint index) => System.Runtime.Intrinsics.Vector256.Load(from + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<byte> Vector512(nuint index) => System.Runtime.Intrinsics.Vector512.Load(from + index);
}

/// <summary>One value, everywhere.</summary>
internal readonly unsafe struct ValueSource(byte value) : ISource
{
    private readonly ulong _pattern = value * 0x0101_0101_0101_0101UL;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Part<T>(nuint index)
        where T : unmanaged => sizeof(T) switch
        {
            sizeof(ulong) => Unsafe.BitCast<ulong, T>(_pattern),
            sizeof(uint) => Unsafe.BitCast<uint, T>((uint)_pattern),
            sizeof(ushort) => Unsafe.BitCast<ushort, T>((ushort)_pattern),
            _ => Unsafe.BitCast<byte, T>((byte)_pattern),
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector128<byte> Vector128(nuint index) => System.Runtime.Intrinsics.Vector128.Create(_pattern).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<byte> Vector256(nuint index) => System.Runtime.Intrinsics.Vector256.Create(_pattern).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<byte> Vector512(nuint index) => System.Runtime.Intrinsics.Vector512.Create(_pattern).AsByte();
}
