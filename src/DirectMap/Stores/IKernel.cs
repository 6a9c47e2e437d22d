namespace DirectMap.Stores;

/// <summary>
/// What a store puts where it goes, as a type argument: the bytes of a copy or move, or a fill's value. The caller has checked what is
/// stored and where from, and keeps it alive.
/// </summary>
internal unsafe interface IKernel
{
    /// <summary>By ordinary stores: the whole range needs a flush.</summary>
    /// <param name="to">Where the byte at <paramref name="at"/> goes.</param>
    /// <param name="at">First byte, of what the kernel was made with.</param>
    /// <param name="length">Bytes.</param>
    void Temporal(byte* to, nuint at, nuint length);

    /// <summary>By non-temporal stores, as far as possible; they are done after a drain.</summary>
    /// <returns>What was stored by ordinary stores all the same.</returns>
    /// <inheritdoc cref="Temporal"/>
    Leftover NonTemporal(byte* to, nuint at, nuint length);
}
