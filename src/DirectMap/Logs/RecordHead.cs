namespace DirectMap.Logs;

/// <summary>
/// What stands before a record's bytes: three words of eight bytes. The first, with length and checksum, is stored last; the checksum
/// covers the log's identity, both other words, the length and the bytes.
/// </summary>
/// <param name="Commit">Length in the lower half, checksum in the upper one.</param>
/// <param name="Sequence">The record's number.</param>
/// <param name="Mark">The life of the log in which it was appended, and in the lowest bit whether everything before
/// it was durable then.</param>
internal readonly record struct RecordHead(ulong Commit, long Sequence, ulong Mark)
{
    /// <summary>Of the head, in bytes.</summary>
    internal const int Size = 3 * sizeof(ulong);

    /// <summary>In bytes; what was not a head may have any.</summary>
    internal int Length => (int)(uint)Commit;

    internal uint Checksum => (uint)(Commit >> 32);

    internal ulong Life => Mark >> 1;

    /// <summary>Whether a record that is missing before this one was there once.</summary>
    internal bool FollowsDurable => (Mark & 1) != 0;

    internal static ulong CommitOf(int length, uint checksum) => (uint)length | ((ulong)checksum << 32);

    internal static ulong MarkOf(ulong life, bool followsDurable) => (life << 1) | (followsDurable ? 1UL : 0);

    /// <summary>What a record's checksum begins with; its bytes follow.</summary>
    internal static LogChecksum BeginChecksum(ulong id, long sequence, ulong mark, int length)
    {
        LogChecksum checksum = new();
        checksum.Add(id);
        checksum.Add((ulong)sequence);
        checksum.Add(mark);
        checksum.Add((ulong)length);
        return checksum;
    }

    internal static RecordHead Load<TMemory>(LogArea<TMemory> area, long position)
        where TMemory : struct, ILogMemory => new(area.Load(position), (long)area.Load(position + 8), area.Load(position + 16));
}
