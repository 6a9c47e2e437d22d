using System.Numerics;

namespace DirectMap.Logs;

/// <summary>
/// What is known of a log as a whole: one state, which is kept in two slots on pages of their own. A state is stored to one slot and made
/// durable, then to the other one. So whatever a crash leaves of a slot, the other one has a state that is whole, and whatever damages a
/// slot later, the other one has the same state.
/// <para>
/// It is stored when the log is made, opened and closed, when records at the beginning are given up, and when a record would pass the
/// bound; never by another append.
/// </para>
/// </summary>
internal sealed record LogHeader
{
    /// <summary>
    /// Where the records begin: a page for each slot and one for what followers look at, so no write of one harms another.
    /// </summary>
    internal const long AreaOffset = 3 * LogHeaderSlot.Distance;

    /// <summary>The area's length is a multiple of this, and so of every alignment of records.</summary>
    internal const long AreaUnit = 4096;

    private const long MostAhead = 16L << 20;
    private const long LeastAhead = 64L << 10;
    private const int AheadShare = 64;

    /// <summary>Counts the states; the newest one has the highest.</summary>
    internal required long Generation { get; init; }

    /// <summary>A random number of this log, so that nothing that lay here before can be taken for one of its records.</summary>
    internal required ulong Id { get; init; }

    /// <summary>Of the area, in bytes.</summary>
    internal required long Capacity { get; init; }

    /// <summary>The position that lies at the area's beginning. An area that grows keeps its records where they are by it.</summary>
    internal long Origin { get; init; }

    /// <summary>Records begin at multiples of this many bytes; a power of two from 8 to 4096.</summary>
    internal required int Alignment { get; init; }

    internal required bool IsRing { get; init; }

    /// <summary>Where the oldest record is, or will be.</summary>
    internal required LogTail Tail { get; init; }

    /// <summary>Counts the openings and closings; 1 or more.</summary>
    internal required uint Life { get; init; }

    /// <summary>
    /// The first number that was free when this life began: whatever has it, or a higher one, was appended in this life. All below it was
    /// found and durable.
    /// </summary>
    internal required long LifeStart { get; init; }

    /// <summary>
    /// No record reaches beyond this position: it is raised, durably, before one does. What is behind it need not be searched.
    /// </summary>
    internal required long Bound { get; init; }

    /// <summary>Whether the log was closed: all records are below <see cref="LifeStart"/>.</summary>
    internal bool IsClosed { get; init; }

    /// <summary>How far the bound is raised ahead of the records, in bytes: a search reads so much, and so many bytes are appended between
    /// two states of the header. A small log has at least 64 KiB, or its header would be stored all the time.</summary>
    internal long Ahead => Math.Max(Math.Min(Capacity / AheadShare, MostAhead), LeastAhead);

    /// <summary>The position that no record may reach beyond.</summary>
    internal long Limit => Tail.Position + Capacity;

    /// <summary>Whether a log may have such a state. A checksum that fits is no proof of it: anybody can write one, and a walk over records
    /// with an alignment of 0 has no end.</summary>
    internal bool IsSound =>
        Alignment is >= sizeof(ulong) and <= (int)AreaUnit && BitOperations.IsPow2(Alignment)
        && Capacity >= AreaUnit && Capacity % AreaUnit == 0 && Capacity <= long.MaxValue / 4
        && Tail.Position >= 0 && Tail.Position % Alignment == 0 && Tail.Position <= long.MaxValue / 4
        && Origin >= 0 && Origin % Alignment == 0 && Origin <= Tail.Position
        && Tail.Sequence >= 1 && LifeStart >= 1 && Life >= 1 && Generation is >= 0 and < long.MaxValue
        && Bound >= Tail.Position && Bound <= Limit;

    /// <summary>The area's length in so much memory; 0 or less where there is too little.</summary>
    internal static long CapacityIn(long length) => (length - AreaOffset) / AreaUnit * AreaUnit;

    /// <summary>The bound when records reach up to a position.</summary>
    internal long BoundFor(long end) => Math.Min(Limit, end + Ahead);

    /// <summary>Makes this the newest state. Each slot is durable before the other one is touched.</summary>
    /// <param name="memory">Where the log is.</param>
    /// <param name="last">The slot that is stored last: the one whose state is durable, where only one is.</param>
    internal void Store<TMemory>(TMemory memory, int last = 1)
        where TMemory : struct, ILogMemory
    {
        LogHeaderSlot.Store(memory, 1 - last, this);
        LogHeaderSlot.Store(memory, last, this);
    }
}

/// <summary>Where the oldest record is. A class, so that readers see both numbers of one moment.</summary>
/// <param name="Position">In the area.</param>
/// <param name="Sequence">The record's number.</param>
internal sealed record LogTail(long Position, long Sequence);
