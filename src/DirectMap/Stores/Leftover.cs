namespace DirectMap.Stores;

/// <summary>
/// What a non-temporal copy, move or fill has to store temporally, so that it may be in a cache: at its beginning and at its end.
/// </summary>
/// <param name="Head">Bytes at the beginning.</param>
/// <param name="Tail">Bytes at the end. Head and tail do not overlap.</param>
internal readonly record struct Leftover(nuint Head, nuint Tail)
{
    /// <summary>Bytes of a line, for what decides only about speed. Of all processors that have non-temporal stores.</summary>
    private const nuint Line = 64;

    private const nuint Word = sizeof(ulong);

    /// <summary>
    /// There is no non-temporal store of less than a word (MOVNTI). So where the range begins or ends in the midst of a word, all that it
    /// has of that line is left over: a line that is stored to in both ways costs several times what either costs. With no whole line in
    /// between, or where nothing can be stored non-temporally, it is all.
    /// </summary>
    internal static Leftover Of(nuint address, nuint length, bool canBeNonTemporal)
    {
        nuint head = address % Word == 0 ? 0 : (0 - address) % Line;
        nuint tail = (address + length) % Word == 0 ? 0 : (address + length) % Line;
        nuint least = head + tail == 0 ? Word : Line;
        return canBeNonTemporal && length >= head + tail + least ? new Leftover(head, tail) : new Leftover(length, 0);
    }
}
