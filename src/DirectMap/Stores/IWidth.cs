using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DirectMap.Stores;

/// <summary>A width of vectors, as a type argument: the loop over them is written once, and compiled for each.</summary>
internal unsafe interface IWidth<TVector>
{
    /// <summary>Bytes of a vector.</summary>
    static abstract nuint Size { get; }

    static abstract TVector Load<TSource>(TSource source, nuint index)
        where TSource : ISource;

    static abstract void Store<TStores>(byte* to, TVector value)
        where TStores : IStores;
}

/// <summary>Vectors of 16 bytes.</summary>
internal unsafe struct Width128 : IWidth<Vector128<byte>>
{
    public static nuint Size => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load<TSource>(TSource source, nuint index)
        where TSource : ISource => source.Vector128(index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStores>(byte* to, Vector128<byte> value)
        where TStores : IStores => TStores.Vector(to, value);
}

/// <summary>Vectors of 32 bytes.</summary>
internal unsafe struct Width256 : IWidth<Vector256<byte>>
{
    public static nuint Size => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load<TSource>(TSource source, nuint index)
        where TSource : ISource => source.Vector256(index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStores>(byte* to, Vector256<byte> value)
        where TStores : IStores => TStores.Vector(to, value);
}

/// <summary>Vectors of 64 bytes.</summary>
internal unsafe struct Width512 : IWidth<Vector512<byte>>
{
    public static nuint Size => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load<TSource>(TSource source, nuint index)
        where TSource : ISource => source.Vector512(index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TStores>(byte* to, Vector512<byte> value)
        where TStores : IStores => TStores.Vector(to, value);
}
