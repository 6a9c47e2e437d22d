using System.Numerics;

namespace DirectMap.Logs;

/// <summary>
/// What is known of a log as a whole. It is kept in two slots on pages of their own, and a new state goes to the slot that has not the
/// newest one: whatever a crash leaves of it, the former state is there, and the checksum tells which slot is whole. It is written when the
/// log is made, at each opening, and when records at the beginning are given up; never by an append that finds room.
/// </summary>
internal sealed record LogHeader
{
    /// <summary>Where the records begin. A page for each slot, so that no write of one can harm the other, or a record.</summary>
    internal const long AreaOffset = 2 * SlotDistance;

    /// <summary>The area's length is a multiple of this, and so of every alignment of records.</summary>
    internal const long AreaUnit = 4096;

    private const long SlotDistance = 4096;
    private const ulong Magic = 0x3130_474F_4C4D_4401; // 01 "DMLOG01": the version is in it.
    private const int Words = 10;

    /// <summary>Counts the states; the newest one has the highest.</summary>
    internal required long Generation { get; init; }

    /// <summary>A random number of this log, so that nothing that lay here before can be taken for one of its records.</summary>
    internal required ulong Id { get; init; }

    /// <summary>Of the area, in bytes.</summary>
    internal required long Capacity { get; init; }

    /// <summary>Records begin at multiples of this many bytes; a power of two from 8 to 4096.</summary>
    internal required int Alignment { get; init; }

    internal required bool IsRing { get; init; }

    /// <summary>Where the oldest record is, or will be.</summary>
    internal required LogTail Tail { get; init; }

    /// <summary>Counts the openings.</summary>
    internal required ulong Life { get; init; }

    /// <summary>
    /// The first number that was free when this life began: whatever has it, or a higher one, was appended in this life, and
    /// all below it was found.
    /// </summary>
    internal required long LifeStart { get; init; }

    /// <summary>The area's length in so much memory; 0 or less where there is too little.</summary>
    internal static long CapacityIn(long length) => (length - AreaOffset) / AreaUnit * AreaUnit;

    /// <summary>The newest state; null when there is none.</summary>
    internal static LogHeader? TryLoad<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory
    {
        LogHeader? first = TryLoad(memory, 0), second = TryLoad(memory, 1);
        return second is null || first?.Generation > second.Generation ? first : second;
    }

    /// <summary>Whether there ever was one: a state that nobody can read is damaged, and not missing.</summary>
    internal static bool IsAnywhere<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory => memory.Load(0) == Magic || memory.Load(SlotDistance) == Magic;

    /// <summary>
    /// Makes this the only state, where anything may be. Five persists, each an order:
    /// <list type="number">
    /// <item>the older state of a former log is gone before the newer one: alone it would be found, and the log damaged;</item>
    /// <item>no former log is found any more before its words are taken away, or it would be found damaged;</item>
    /// <item>those are all gone before there are others in their place: the first word of the second state, arrived alone, would make the
    /// former log's slot whole again;</item>
    /// <item>the words are all there before</item>
    /// <item>the one that says that there is a log.</item>
    /// </list>
    /// </summary>
    internal void StoreFirst<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory
    {
        long newer = (TryLoad(memory) is { } former ? former.Generation & 1 : 0) * SlotDistance;
        foreach (long slot in (ReadOnlySpan<long>)[SlotDistance - newer, newer])
        {
            memory.Store(slot, 0UL);
            memory.Persist(slot, sizeof(ulong));
        }

        for (int i = 1; i < Words; i++)
        {
            memory.Store(i * sizeof(ulong), 0UL);
            memory.Store(SlotDistance + (i * sizeof(ulong)), 0UL);
        }

        memory.Persist(0, SlotDistance + (Words * sizeof(ulong)));
        StoreWords(memory, from: 1);
        memory.Persist(SlotOffset, Words * sizeof(ulong));
        memory.Store(SlotOffset, Magic);
        memory.Persist(SlotOffset, sizeof(ulong));
    }

    /// <summary>
    /// Makes this the newest state. One persist: the checksum tells what arrived in part, and the other slot is not touched.
    /// </summary>
    internal void Store<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory
    {
        StoreWords(memory, from: 0);
        memory.Persist(SlotOffset, Words * sizeof(ulong));
    }

    private long SlotOffset => (Generation & 1) * SlotDistance;

    private static LogHeader? TryLoad<TMemory>(TMemory memory, int slot)
        where TMemory : struct, ILogMemory
    {
        Span<ulong> words = stackalloc ulong[Words];
        for (int i = 0; i < Words; i++)
        {
            words[i] = memory.Load((slot * SlotDistance) + (i * sizeof(ulong)));
        }

        if (words[0] != Magic || words[^1] != ChecksumOf(words[..^1]))
        {
            return null;
        }

        LogHeader header = new()
        {
            Generation = (long)words[1],
            Id = words[2],
            Capacity = (long)words[3],
            Alignment = (int)(uint)words[4],
            IsRing = words[4] >> 32 != 0,
            Tail = new LogTail((long)words[5], (long)words[6]),
            Life = words[7],
            LifeStart = (long)words[8],
        };
        return header.IsSound ? header : null;
    }

    /// <summary>
    /// Whether a log may have such a state. A checksum that fits is no proof of it: anybody can write one, and a walk over records with an
    /// alignment of 0 has no end.
    /// </summary>
    private bool IsSound =>
        Alignment is >= sizeof(ulong) and <= (int)AreaUnit && BitOperations.IsPow2(Alignment)
        && Capacity >= AreaUnit && Capacity % AreaUnit == 0
        && Tail.Position >= 0 && Tail.Position % Alignment == 0 && Tail.Position <= long.MaxValue / 2 - Capacity
        && Tail.Sequence >= 1 && LifeStart >= 1 && Generation is >= 0 and < long.MaxValue;

    private void StoreWords<TMemory>(TMemory memory, int from)
        where TMemory : struct, ILogMemory
    {
        Span<ulong> words =
        [
            Magic, (ulong)Generation, Id, (ulong)Capacity, (uint)Alignment | (IsRing ? 1UL << 32 : 0), (ulong)Tail.Position,
            (ulong)Tail.Sequence, Life, (ulong)LifeStart, 0,
        ];
        words[^1] = ChecksumOf(words[..^1]);
        for (int i = from; i < Words; i++)
        {
            memory.Store(SlotOffset + (i * sizeof(ulong)), words[i]);
        }
    }

    private static ulong ChecksumOf(ReadOnlySpan<ulong> words)
    {
        LogChecksum checksum = new();
        foreach (ulong word in words)
        {
            checksum.Add(word);
        }

        return checksum.Value;
    }
}

/// <summary>Where the oldest record is. A class, so that readers see both numbers of one moment.</summary>
/// <param name="Position">In the area.</param>
/// <param name="Sequence">The record's number.</param>
internal sealed record LogTail(long Position, long Sequence);
