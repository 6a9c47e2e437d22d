namespace DirectMap.Mapping;

/// <summary>A set of page numbers that only grows; memory is taken where there are some. Safe for any thread.</summary>
internal sealed class PageSet(long pages)
{
    private const int PagesPerChunk = 1 << 15;

    private readonly long[]?[] _chunks = new long[(pages + PagesPerChunk - 1) / PagesPerChunk][];

    /// <summary>Whether all pages of [first, end) are in it.</summary>
    internal bool Contains(long first, long end)
    {
        for (long page = first; page < end; page++)
        {
            long[]? chunk = Volatile.Read(ref _chunks[page / PagesPerChunk]);
            int bit = (int)(page % PagesPerChunk);
            if (chunk is null || (Volatile.Read(ref chunk[bit >> 6]) & (1L << bit)) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Puts the pages of [first, end) into it.</summary>
    internal void Add(long first, long end)
    {
        for (long page = first; page < end; page++)
        {
            ref long[]? chunk = ref _chunks[page / PagesPerChunk];
            if (Volatile.Read(ref chunk) is null)
            {
                Interlocked.CompareExchange(ref chunk, new long[PagesPerChunk >> 6], null);
            }

            int bit = (int)(page % PagesPerChunk);
            Interlocked.Or(ref chunk![bit >> 6], 1L << bit);
        }
    }
}
