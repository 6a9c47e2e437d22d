namespace DirectMap.Stores;

/// <summary>
/// <see cref="StoreLoop"/> with temporal stores at the ends, where <see cref="Leftover"/> says so, and non-temporal ones in between. Both
/// boundaries are multiples of a word, so that none is torn.
/// </summary>
internal static unsafe class NonTemporalLoop
{
    /// <summary>From the first byte to the last one.</summary>
    internal static Leftover Up<TNonTemporal, TTemporal, TSource>(byte* to, TSource source, nuint length)
        where TNonTemporal : IStores
        where TTemporal : IStores
        where TSource : ISource
    {
        Leftover leftover = Leftover.Of((nuint)to, length, TNonTemporal.IsNonTemporal);
        nuint tail = length - leftover.Tail;
        if (leftover.Head != 0)
        {
            StoreLoop.Up<TTemporal, TSource>(to, source, 0, leftover.Head);
        }

        StoreLoop.Up<TNonTemporal, TSource>(to, source, leftover.Head, tail);
        if (leftover.Tail != 0)
        {
            StoreLoop.Up<TTemporal, TSource>(to, source, tail, length);
        }

        return leftover;
    }

    /// <summary>From the last byte to the first one.</summary>
    internal static Leftover Down<TNonTemporal, TTemporal, TSource>(byte* to, TSource source, nuint length)
        where TNonTemporal : IStores
        where TTemporal : IStores
        where TSource : ISource
    {
        Leftover leftover = Leftover.Of((nuint)to, length, TNonTemporal.IsNonTemporal);
        nuint tail = length - leftover.Tail;
        if (leftover.Tail != 0)
        {
            StoreLoop.Down<TTemporal, TSource>(to, source, tail, length);
        }

        StoreLoop.Down<TNonTemporal, TSource>(to, source, leftover.Head, tail);
        if (leftover.Head != 0)
        {
            StoreLoop.Down<TTemporal, TSource>(to, source, 0, leftover.Head);
        }

        return leftover;
    }
}
