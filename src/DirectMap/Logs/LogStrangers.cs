namespace DirectMap.Logs;

/// <summary>
/// Whole records that the header does not know of: they were appended under a later state of it, which is lost. Their numbers are not taken
/// yet, and their life is the header's (a later lap) or a later one. That state's bound and tail are lost with it, so all of the circle is
/// looked through, once around from where the known records end.
/// </summary>
internal static class LogStrangers
{
    /// <summary>
    /// Numbers and lives that are farther away are not believed, so that bytes of a damaged record are hardly ever taken for a head.
    /// </summary>
    private const long MostNumbers = 1L << 40;

    private const uint MostLives = 1 << 24;

    /// <param name="header">The state that is left.</param>
    /// <param name="area">Where the records are.</param>
    /// <param name="known">All stretches that the header does know of; the first one first.</param>
    internal static List<LogStretch> Find<TMemory>(LogHeader header, LogArea<TMemory> area, IReadOnlyList<LogStretch> known)
        where TMemory : struct, ILogMemory
    {
        List<LogStretch> found = [];
        LogCursor cursor = new();
        long next = known[0].Next;
        long end = known[0].From + area.Capacity;
        for (long at = known[0].End; at <= end - RecordHead.Size;)
        {
            if (known.FirstOrDefault(stretch => stretch.From <= at && at < stretch.End) is { } stretch)
            {
                at = stretch.End;
                continue;
            }

            LogStretch read = ReadStretch(header, area, cursor, at, next, end);
            if (read.End > at)
            {
                found.Add(read);
            }

            at = Math.Max(read.End, at + header.Alignment);
        }

        return found;
    }

    /// <summary>Reads the record at a cursor, and checks it; the arguments are as of <see cref="LogRecords.TryRead"/>.</summary>
    internal static bool TryRead<TMemory>(
        LogHeader header, LogArea<TMemory> area, LogCursor cursor, long end, out long size, out long lost)
        where TMemory : struct, ILogMemory
    {
        (size, lost) = (0, 0);
        RecordHead head = RecordHead.Load(area, cursor.Position);
        return head.Sequence == cursor.Sequence
            && head.Kind <= RecordHead.Gap
            && head.Length >= 0
            && RecordHead.SizeOf(head.Length, header.Alignment) <= end - cursor.Position
            && head.Life >= header.Life
            && head.Life - header.Life < MostLives
            && LogRecords.TryReadWhole(area, header, cursor, head, out size, out lost);
    }

    /// <summary>As many records as follow each other; none where there is none.</summary>
    private static LogStretch ReadStretch<TMemory>(
        LogHeader header, LogArea<TMemory> area, LogCursor cursor, long from, long next, long end)
        where TMemory : struct, ILogMemory
    {
        long first = (long)area.Load(from + sizeof(ulong));
        (cursor.Position, cursor.Sequence) = (from, first);
        while (first >= next && first - next < MostNumbers
            && cursor.Position <= end - RecordHead.Size
            && TryRead(header, area, cursor, end, out long size, out long lost))
        {
            cursor.Position += size;
            cursor.Sequence += Math.Max(1, lost);
        }

        return new LogStretch(from, first, cursor.Position, cursor.Sequence)
        {
            LookFrom = cursor.Position,
            Young = 0,
            Gaps = [],
            IsStrange = true,
        };
    }
}
