namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>Stores that make cache lines dirty.</summary>
internal static unsafe class Lines
{
    private const int Line = 64;

    /// <summary>Random places, each at the beginning of a line, for ranges of a length within a region.</summary>
    internal static Places Random(int size, long bytes)
    {
        long spacing = (size + Line - 1) & ~(Line - 1);
        long places = Math.Min(bytes / spacing, Places.Count);

        // Fewer places than would fit are spread over all of the region.
        return new Places("rand", bytes / places / Line * Line, (int)places);
    }

    /// <summary>A word to each line. In bounds and alive: the caller's places lie within its mapping, which lives.</summary>
    internal static void Dirty(byte* start, int size)
    {
        for (int at = 0; at < size; at += Line)
        {
            ++*(long*)(start + at);
        }
    }
}
