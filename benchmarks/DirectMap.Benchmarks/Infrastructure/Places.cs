namespace DirectMap.Benchmarks.Infrastructure;

/// <summary>Offsets at which the operations of a benchmark are made, computed beforehand, in the order of pmembench's modes.</summary>
internal sealed class Places
{
    /// <summary>A power of two.</summary>
    internal const int Count = 1 << 14;

    private readonly long[] _offsets = new long[Count];
    private int _next;

    /// <param name="mode"><c>stat</c>: always the same; <c>seq</c>: one behind the other; <c>rand</c>: any, the same in each run.</param>
    /// <param name="spacing">Bytes from a place to the next.</param>
    /// <param name="places">How many there are; no more than <see cref="Count"/>.</param>
    /// <param name="offset">Bytes from the beginning of a place.</param>
    /// <param name="start">Which operation is the first.</param>
    internal Places(string mode, long spacing, int places = Count, long offset = 0, int start = 0)
    {
        Random random = new(1);
        for (int i = 0; i < Count; i++)
        {
            int place = mode switch
            {
                "stat" => 0,
                "seq" => i % places,
                "rand" => random.Next(places),
                _ => throw new ArgumentOutOfRangeException(nameof(mode), mode, "stat, seq or rand"),
            };
            _offsets[i] = (place * spacing) + offset;
        }

        _next = start;
    }

    internal long Next() => _offsets[_next++ & (Count - 1)];
}
