using System.Runtime.Intrinsics;

namespace DirectMap.Stores;

/// <summary>
/// How bytes get to where they go. Every address is aligned to what is stored there, which is what keeps words from being torn: see
/// <see cref="StoreLoop"/>.
/// </summary>
internal unsafe interface IStores
{
    /// <summary>Whether words and vectors are stored around the caches. Never so parts.</summary>
    static abstract bool IsNonTemporal { get; }

    /// <summary>One, two or four bytes.</summary>
    static abstract void Part<T>(byte* to, T value)
        where T : unmanaged;

    static abstract void Word(byte* to, ulong value);

    static abstract void Vector(byte* to, Vector128<byte> value);

    static abstract void Vector(byte* to, Vector256<byte> value);

    static abstract void Vector(byte* to, Vector512<byte> value);
}
