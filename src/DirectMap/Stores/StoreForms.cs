namespace DirectMap.Stores;

/// <summary>
/// Which form is the faster one, of a store and what makes it reach memory: measured, see "Temporal or non-temporal" in docs/benchmarks.md.
/// </summary>
internal static class StoreForms
{
    /// <summary>Where non-temporal stores evict, so that whole words need no flush: from there on, if both ends are whole words.</summary>
    internal const nuint WholeWords = 8;

    /// <summary>Where non-temporal stores evict: from there on, if an end is no whole word and needs a flush.</summary>
    internal const nuint BrokenWords = 512;

    /// <summary>Where they need a flush like any other: from there on. Lines that were just read are then slower, others faster.</summary>
    internal const nuint Hint = 4096;

    /// <summary>The faster form for a range.</summary>
    /// <param name="address">Where the range begins.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="evicts">Whether non-temporal stores need no flush.</param>
    internal static StoreForm Best(nuint address, nuint length, bool evicts)
    {
        nuint from = !evicts ? Hint : ((address | length) & (sizeof(ulong) - 1)) == 0 ? WholeWords : BrokenWords;
        return length >= from ? StoreForm.NonTemporal : StoreForm.Temporal;
    }
}
