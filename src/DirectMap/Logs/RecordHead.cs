namespace DirectMap.Logs;

/// <summary>
/// What stands before a record's bytes: three words of eight bytes. The first, with length and checksum, is stored last. The checksum
/// covers the log's identity, the record's place in the area, both other words, the length and the bytes.
/// </summary>
/// <param name="Commit">Length in the lower half, checksum in the upper one.</param>
/// <param name="Sequence">The record's number.</param>
/// <param name="Mark">
/// The life of the log in which it was appended (upper half), what it is (8 bits), and in the lowest 24 bits how many records directly
/// before it were not durable when it was stored.
/// </param>
internal readonly record struct RecordHead(ulong Commit, long Sequence, ulong Mark)
{
    /// <summary>Of the head, in bytes.</summary>
    internal const int Size = 3 * sizeof(ulong);

    /// <summary>So many, or more: then the record says nothing of those before it.</summary>
    internal const int UnknownDistance = (1 << 24) - 1;

    /// <summary>A record.</summary>
    internal const int Record = 0;

    /// <summary>
    /// A place where records were lost, which <see cref="PersistentLogOptions.CutAtDamage"/> leaves. Its length is that of the place; its
    /// first eight bytes, where there is room for them, have how many were lost, and it is one otherwise. Only these are checked.
    /// </summary>
    internal const int Gap = 1;

    /// <summary>In bytes; what was not a head may have any.</summary>
    internal int Length => (int)(uint)Commit;

    internal uint Checksum => (uint)(Commit >> 32);

    internal uint Life => (uint)(Mark >> 32);

    internal int Kind => (int)(Mark >> 24) & 0xff;

    /// <summary>
    /// The last number that is proved durable by this record being whole; one that no record has, where it proves nothing.
    /// </summary>
    internal long Proves => (Mark & UnknownDistance) == UnknownDistance ? 0 : Sequence - 1 - (long)(Mark & UnknownDistance);

    internal static ulong CommitOf(int length, uint checksum) => (uint)length | ((ulong)checksum << 32);

    internal static ulong MarkOf(uint life, long distance, int kind = Record) =>
        ((ulong)life << 32) | ((ulong)kind << 24) | (ulong)Math.Min(distance, UnknownDistance);

    /// <summary>What a record's checksum begins with; its bytes follow.</summary>
    /// <param name="id">The log's identity.</param>
    /// <param name="place"><see cref="LogArea{TMemory}.PlaceOf"/> of its position. The position itself is not known where the header is
    /// older than the lap of a ring that stored it.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="mark">Its third word.</param>
    /// <param name="length">Of its bytes.</param>
    internal static LogChecksum BeginChecksum(ulong id, long place, long sequence, ulong mark, int length)
    {
        LogChecksum checksum = new();
        checksum.Add(id);
        checksum.Add((ulong)place);
        checksum.Add((ulong)sequence);
        checksum.Add(mark);
        checksum.Add((ulong)length);
        return checksum;
    }

    /// <summary>What a record takes, in bytes.</summary>
    internal static long SizeOf(int length, int alignment) => (Size + (long)length + alignment - 1) & -alignment;

    internal static RecordHead Load<TMemory>(LogArea<TMemory> area, long position)
        where TMemory : struct, ILogMemory => new(area.Load(position), (long)area.Load(position + 8), area.Load(position + 16));

    /// <summary>How many bytes behind the head the checksum covers.</summary>
    internal int CheckedLength => Kind == Gap ? Math.Min(Length, sizeof(ulong)) : Length;

    /// <summary>How many numbers it has: 1, and those of a gap.</summary>
    internal long NumbersIn<TMemory>(LogArea<TMemory> area, long position)
        where TMemory : struct, ILogMemory => Kind == Gap && Length >= sizeof(ulong) ? (long)area.Load(position + Size) : 1;
}
