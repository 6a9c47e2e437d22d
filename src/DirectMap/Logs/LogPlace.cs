namespace DirectMap.Logs;

/// <summary>What is found where a log may be.</summary>
internal enum LogPlaceKind
{
    /// <summary>Nothing but zeros: a log may be made there.</summary>
    Empty,

    /// <summary>No log; whether there is anything else was not asked.</summary>
    None,

    /// <summary>A log that was being made when a crash came: it may be made there.</summary>
    HalfMade,

    /// <summary>A log.</summary>
    Log,

    /// <summary>A log whose header is damaged in both slots.</summary>
    Damaged,

    /// <summary>A log of a version that this library does not know.</summary>
    OtherVersion,

    /// <summary>Somebody else's bytes.</summary>
    Foreign,
}

/// <summary>What is found where a log may be. Nothing is stored to find it out.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Header">The newest state that is whole; null where there is none.</param>
/// <param name="Slot">The slot that has it.</param>
internal readonly record struct LogPlace(LogPlaceKind Kind, LogHeader? Header = null, int Slot = 0)
{
    /// <param name="memory">Where it may be.</param>
    /// <param name="looksForOthers">Whether all of it is looked at where there is no log, which may take long.</param>
    internal static LogPlace Look<TMemory>(TMemory memory, bool looksForOthers = false)
        where TMemory : struct, ILogMemory
    {
        LogHeader? first = LogHeaderSlot.TryLoad(memory, 0), second = LogHeaderSlot.TryLoad(memory, 1);
        if (first is not null || second is not null)
        {
            int slot = second is null || first?.Generation >= second.Generation ? 0 : 1;
            return new LogPlace(LogPlaceKind.Log, slot == 0 ? first : second, slot);
        }

        ulong features = LogHeaderSlot.UnknownFeatures(memory, 0) | LogHeaderSlot.UnknownFeatures(memory, 1);
        if (features != 0)
        {
            return new LogPlace(LogPlaceKind.OtherVersion);
        }

        ReadOnlySpan<ulong> words = [LogHeaderSlot.FirstWord(memory, 0), LogHeaderSlot.FirstWord(memory, 1)];
        if (words.Contains(LogHeaderSlot.Magic))
        {
            return new LogPlace(LogPlaceKind.Damaged);
        }

        if (words.Contains(LogHeaderSlot.Making))
        {
            return new LogPlace(LogPlaceKind.HalfMade);
        }

        // One word of the two may be damaged, so either of them is enough.
        LogPlaceKind kind = LogHeaderSlot.IsOtherVersion(words[0]) || LogHeaderSlot.IsOtherVersion(words[1]) ? LogPlaceKind.OtherVersion
            : !looksForOthers ? LogPlaceKind.None
            : memory.IsZero() ? LogPlaceKind.Empty
            : LogPlaceKind.Foreign;
        return new LogPlace(kind);
    }

    /// <summary>Whether a log may be made there; not where there is one. Anything else there is refused.</summary>
    internal bool MayBeMade<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory
    {
        if (Kind is LogPlaceKind.Empty or LogPlaceKind.HalfMade)
        {
            return true;
        }

        HeaderOrThrow(memory);
        return false;
    }

    /// <summary>The header of a log, or why there is none.</summary>
    internal LogHeader HeaderOrThrow<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory => Kind switch
        {
            LogPlaceKind.Log => Header!,
            LogPlaceKind.Damaged =>
                throw new PersistentLogException(
                    PersistentLogError.Damaged,
                    memory.Place,
                    "the header of the log cannot be read, since both of its slots are damaged",
                    $"{nameof(PersistentLog)}.{nameof(PersistentLog.Create)} makes a new log, without the records"),
            LogPlaceKind.OtherVersion => throw new PersistentLogException(
                PersistentLogError.NotALog,
                memory.Place,
                $"the log has the format {VersionOf(memory)}, and this library reads format 02 without any",
                "open it with the version that has made it"),
            LogPlaceKind.Foreign => throw new PersistentLogException(
                PersistentLogError.NotALog,
                memory.Place,
                "there is no log, but something else",
                $"choose other bytes ({nameof(PersistentLogOptions)}.{nameof(PersistentLogOptions.Range)}), or have "
                    + $"{nameof(PersistentLog)}.{nameof(PersistentLog.Create)} overwrite these"),
            _ => throw new PersistentLogException(
                PersistentLogError.NotALog,
                memory.Place,
                "there is no log",
                $"{nameof(PersistentLog)}.{nameof(PersistentLog.Create)} makes one, and {nameof(PersistentLog)}."
                    + $"{nameof(PersistentLog.OpenOrCreate)} where nothing else is"),
        };

    private static string VersionOf<TMemory>(TMemory memory)
        where TMemory : struct, ILogMemory
    {
        ulong features = LogHeaderSlot.UnknownFeatures(memory, 0) | LogHeaderSlot.UnknownFeatures(memory, 1);
        if (features != 0)
        {
            return $"02 with features (0x{features:x})";
        }

        ulong word = LogHeaderSlot.FirstWord(memory, 0);
        return LogHeaderSlot.VersionIn(LogHeaderSlot.IsOtherVersion(word) ? word : LogHeaderSlot.FirstWord(memory, 1));
    }
}
