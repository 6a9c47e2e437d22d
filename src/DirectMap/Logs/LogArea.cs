namespace DirectMap.Logs;

/// <summary>
/// The part of a log that has its records: a circle. A position is how many bytes were used from the log's beginning on, so it only grows;
/// it lies at the position, less the log's origin, modulo the circle's length. What reaches beyond the end goes on at the beginning.
/// </summary>
internal readonly struct LogArea<TMemory>(TMemory memory, LogHeader header)
    where TMemory : struct, ILogMemory
{
    private readonly long _capacity = header.Capacity;
    private readonly long _origin = header.Origin;

    /// <summary>Of the circle, in bytes; a multiple of every alignment.</summary>
    internal long Capacity => _capacity;

    /// <summary>At a multiple of eight; so it never lies on both sides of the end.</summary>
    internal ulong Load(long position) => memory.Load(Offset(position));

    internal void Store(long position, ulong word) => memory.Store(Offset(position), word);

    internal void Load(long position, Span<byte> destination)
    {
        int first = (int)Math.Min(destination.Length, ToEnd(position));
        memory.Load(Offset(position), destination[..first]);
        if (first < destination.Length)
        {
            memory.Load(LogHeader.AreaOffset, destination[first..]);
        }
    }

    internal void Store(long position, ReadOnlySpan<byte> source)
    {
        int first = (int)Math.Min(source.Length, ToEnd(position));
        memory.Store(Offset(position), source[..first]);
        if (first < source.Length)
        {
            memory.Store(LogHeader.AreaOffset, source[first..]);
        }
    }

    /// <summary>Makes what lies between two positions durable.</summary>
    internal void Persist(long from, long to)
    {
        long first = Math.Min(to - from, ToEnd(from));
        if (first > 0)
        {
            memory.Persist(Offset(from), first);
        }

        if (first < to - from)
        {
            memory.Persist(LogHeader.AreaOffset, to - from - first);
        }
    }

    /// <summary>Where a position lies: bytes from the area's first one on.</summary>
    internal long PlaceOf(long position) => (position - _origin) % _capacity;

    private long Offset(long position) => LogHeader.AreaOffset + PlaceOf(position);

    private long ToEnd(long position) => _capacity - PlaceOf(position);
}
