namespace DirectMap.Logs;

/// <summary>
/// One of the two places of a log's header: sixteen words, of which the first says what it is and the last has a checksum.
/// </summary>
internal static class LogHeaderSlot
{
    /// <summary>From one slot to the next, in bytes.</summary>
    internal const long Distance = 4096;

    internal const ulong Magic = 0x3230_474F_4C4D_4401; // 01 "DMLOG02": the version is in it.

    /// <summary>Stands in both slots while a log is made: what is found with it, and without the magic word, is half-made.</summary>
    internal const ulong Making = 0x2B30_474F_4C4D_4401; // 01 "DMLOG0+"

    /// <summary>All versions begin so.</summary>
    private const ulong Family = 0x0000_474F_4C4D_4401;

    private const ulong FamilyMask = 0x0000_FFFF_FFFF_FFFF;
    /// <summary>How many <see cref="LoadMarks"/> loads.</summary>
    internal const int Marks = 8;

    private const int Words = 16;
    private const int Features = 11;
    private const ulong Ring = 1UL << 32;
    private const ulong Closed = 1UL << 33;

    /// <summary>Both slots' first words, which say what is there.</summary>
    internal static ulong FirstWord<TMemory>(TMemory memory, int slot)
        where TMemory : struct, ILogMemory => memory.Load(slot * Distance);

    /// <summary>
    /// Loads the words of both slots by which one state is told from another: the first three, and the one with the checksum.
    /// </summary>
    internal static void LoadMarks<TMemory>(TMemory memory, Span<ulong> marks)
        where TMemory : struct, ILogMemory
    {
        ReadOnlySpan<int> words = [0, 1, 2, Words - 1];
        for (int i = 0; i < Marks; i++)
        {
            marks[i] = memory.Load((i / words.Length * Distance) + (words[i % words.Length] * sizeof(ulong)));
        }
    }

    /// <summary>The generation that a slot says it has, whole or not.</summary>
    internal static long GenerationIn<TMemory>(TMemory memory, int slot)
        where TMemory : struct, ILogMemory => (long)memory.Load((slot * Distance) + sizeof(ulong));

    /// <summary>The log that a slot says it is of, whole or not.</summary>
    internal static ulong IdIn<TMemory>(TMemory memory, int slot)
        where TMemory : struct, ILogMemory => memory.Load((slot * Distance) + (2 * sizeof(ulong)));

    /// <summary>Whether a first word is that of a log of another version.</summary>
    internal static bool IsOtherVersion(ulong word) => (word & FamilyMask) == Family && word is not (Magic or Making);

    /// <summary>The version in a first word: "01".</summary>
    internal static string VersionIn(ulong word) => $"{(char)((word >> 48) & 0xff)}{(char)(word >> 56)}";

    /// <summary>
    /// What a whole state says of features that this library does not know; 0 for none. A later one that changes what a log means sets a
    /// bit in this word, and is refused by this one.
    /// </summary>
    internal static ulong UnknownFeatures<TMemory>(TMemory memory, int slot)
        where TMemory : struct, ILogMemory
    {
        Span<ulong> words = stackalloc ulong[Words];
        return TryLoadWords(memory, slot, words) ? words[Features] : 0;
    }

    /// <summary>The state in a slot; null where there is none that is whole.</summary>
    internal static LogHeader? TryLoad<TMemory>(TMemory memory, int slot)
        where TMemory : struct, ILogMemory
    {
        Span<ulong> words = stackalloc ulong[Words];
        if (!TryLoadWords(memory, slot, words) || words[Features] != 0 || words[7] > uint.MaxValue)
        {
            return null;
        }

        LogHeader header = new()
        {
            Generation = (long)words[1],
            Id = words[2],
            Capacity = (long)words[3],
            Alignment = (int)(uint)words[4],
            IsRing = (words[4] & Ring) != 0,
            IsClosed = (words[4] & Closed) != 0,
            Tail = new LogTail((long)words[5], (long)words[6]),
            Life = (uint)words[7],
            LifeStart = (long)words[8],
            Bound = (long)words[9],
            Origin = (long)words[10],
        };
        return header.IsSound ? header : null;
    }

    /// <summary>Stores a state and makes it durable.</summary>
    internal static void Store<TMemory>(TMemory memory, int slot, LogHeader header)
        where TMemory : struct, ILogMemory
    {
        StoreWords(memory, slot, header, Magic);
        memory.Persist(slot * Distance, Words * sizeof(ulong));
    }

    /// <summary>
    /// Makes a state the only one, where anything may be. Five persists, each an order:
    /// <list type="number">
    /// <item>the older state of a former log is gone before the newer one: alone it would be found, and the log damaged;</item>
    /// <item>no former log is found any more before its words are taken away;</item>
    /// <item>the words of both slots are there before</item>
    /// <item>the first magic word says that there is a log,</item>
    /// <item>and the second one.</item>
    /// </list>
    /// A crash before the fourth leaves <see cref="Making"/>, so that the next opening may make the log anew.
    /// </summary>
    internal static void StoreFirst<TMemory>(TMemory memory, LogHeader header)
        where TMemory : struct, ILogMemory
    {
        int newer = TryLoad(memory, 1) is { } second && !(TryLoad(memory, 0)?.Generation >= second.Generation) ? 1 : 0;
        foreach (int slot in (ReadOnlySpan<int>)[1 - newer, newer])
        {
            StoreFirstWord(memory, slot, Making);
        }

        StoreWords(memory, 0, header, Making);
        StoreWords(memory, 1, header, Making);
        for (int i = 0; i < LogStatusPage.Words; i++)
        {
            memory.Store(LogStatusPage.Offset + (i * sizeof(ulong)), 0UL);
        }

        memory.Persist(0, LogStatusPage.Offset + (LogStatusPage.Words * sizeof(ulong)));
        StoreFirstWord(memory, 0, Magic);
        StoreFirstWord(memory, 1, Magic);
    }

    private static bool TryLoadWords<TMemory>(TMemory memory, int slot, Span<ulong> words)
        where TMemory : struct, ILogMemory
    {
        for (int i = 0; i < Words; i++)
        {
            words[i] = memory.Load((slot * Distance) + (i * sizeof(ulong)));
        }

        return words[0] == Magic && words[^1] == ChecksumOf(words[..^1]);
    }

    private static void StoreFirstWord<TMemory>(TMemory memory, int slot, ulong word)
        where TMemory : struct, ILogMemory
    {
        memory.Store(slot * Distance, word);
        memory.Persist(slot * Distance, sizeof(ulong));
    }

    private static void StoreWords<TMemory>(TMemory memory, int slot, LogHeader header, ulong first)
        where TMemory : struct, ILogMemory
    {
        Span<ulong> words =
        [
            Magic, (ulong)header.Generation, header.Id, (ulong)header.Capacity,
            (uint)header.Alignment | (header.IsRing ? Ring : 0) | (header.IsClosed ? Closed : 0),
            (ulong)header.Tail.Position, (ulong)header.Tail.Sequence, header.Life, (ulong)header.LifeStart,
            (ulong)header.Bound, (ulong)header.Origin, 0, 0, 0, 0, 0,
        ];
        words[^1] = ChecksumOf(words[..^1]);
        words[0] = first;
        for (int i = 0; i < Words; i++)
        {
            memory.Store((slot * Distance) + (i * sizeof(ulong)), words[i]);
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
