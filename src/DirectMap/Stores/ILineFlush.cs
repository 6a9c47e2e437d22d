using System.Runtime.CompilerServices;
using DirectMap.Linux;

namespace DirectMap.Stores;

/// <summary>
/// What writes lines back. A type, so that it costs nothing where it is the processor's, and tests can put another one there.
/// </summary>
internal unsafe interface ILineFlush
{
    /// <inheritdoc cref="CacheFlush.NonTemporalStoresEvict"/>
    static abstract bool NonTemporalStoresEvict { get; }

    /// <summary>The form that is meant by <see cref="StoreForm.Automatic"/>.</summary>
    static abstract StoreForm Best(nuint address, nuint length);

    /// <inheritdoc cref="CacheFlush.Flush"/>
    static abstract void Flush(byte* start, nuint length);
}

/// <summary>The processor's: <see cref="CacheFlush"/>.</summary>
internal unsafe struct NativeFlush : ILineFlush
{
    public static bool NonTemporalStoresEvict => CacheFlush.NonTemporalStoresEvict;

    public static StoreForm Best(nuint address, nuint length) => StoreForms.Best(address, length, CacheFlush.NonTemporalStoresEvict);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Flush(byte* start, nuint length) => CacheFlush.Flush(start, length);
}

/// <summary>None: the caches are in the persistence domain (eADR), or somebody else flushes.</summary>
internal unsafe struct NoFlush : ILineFlush
{
    public static bool NonTemporalStoresEvict => true;

    /// <summary>What is in a cache is where it should be, and is likely to be read soon.</summary>
    public static StoreForm Best(nuint address, nuint length) => StoreForm.Temporal;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Flush(byte* start, nuint length)
    {
    }
}
