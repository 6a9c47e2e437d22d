using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>Opens a damaged log in all ways, and compares what is found with what <see cref="DamageOracle"/> says must be found.</summary>
internal sealed class LogDamageCheck(IReadOnlyDictionary<long, byte[]> records, IReadOnlyList<LoggedItem> items)
{
    private bool _moves;

    /// <summary>How many were damaged, and so on.</summary>
    internal Dictionary<string, int> Found { get; } = [];

    /// <param name="image">The words, damaged; they stay as they are.</param>
    /// <param name="newest">The generation of the header's newest state before the damage.</param>
    /// <param name="moves">
    /// Whether whole records may be in a wrong place, or former ones be back. They were stored once, so they may be found, and some that
    /// are in their place not, if they are fewer.
    /// </param>
    /// <returns>What is wrong; null for nothing.</returns>
    internal string? Check(ulong[] image, long newest, bool moves = false)
    {
        _moves = moves;
        DamageVerdict verdict = DamageOracle.Judge(image, items);
        CrashMemory memory = new([.. image]);
        LogEngine<RecordedMemory> log;
        try
        {
            log = LogEngine<RecordedMemory>.OpenOrCreate(memory.Log, default, 64, isRing: false);
        }
        catch (PersistentLogException refused) when (refused.Error is PersistentLogError.Damaged or PersistentLogError.NotALog)
        {
            Count(refused.Error.ToString());
            return memory.Events.Count > 0 || !memory.Content.AsSpan().SequenceEqual(image) ? $"something was stored: {refused.Message}"
                : verdict.Header?.Generation != newest ? null
                : refused.Error != PersistentLogError.Damaged ? $"the header is whole: {refused.Message}"
                : !verdict.IsDamaged && !verdict.HasStranger && !moves ? $"it is not damaged: {refused.Message}"
                : CheckCut(image, verdict);
        }

        if (verdict.Header is null)
        {
            return Array.TrueForAll(image, word => word == 0) ? null : "a log was opened or made where none is whole";
        }

        Count(log.Recovery.StoppedAt.ToString());
        if (verdict.Header.Generation != newest)
        {
            return null; // Both slots are lost or older. What is found then is what an older state says.
        }

        return verdict.IsDamaged && !moves ? $"it is damaged, and was opened: {log.Recovery}; {Text(verdict)}" : CheckFound(log, verdict);
    }

    private string? CheckCut(ulong[] image, DamageVerdict verdict)
    {
        CrashMemory memory = new([.. image], remembers: false);
        LogEngine<RecordedMemory> cut = LogEngine<RecordedMemory>.Open(memory.Log, new LogOpening(CutsDamage: true));
        string? failure = cut.Recovery.StoppedAt != PersistentLogStop.Damage ? $"cut, stopped at {cut.Recovery.StoppedAt}"
            : CheckFound(cut, verdict) is { } first ? $"cut: {first}"
            : null;
        if (failure is not null)
        {
            return failure;
        }

        LogEngine<RecordedMemory> second = LogEngine<RecordedMemory>.Open(new CrashMemory([.. memory.Content], remembers: false).Log);
        if (CheckFound(second, verdict) is { } again)
        {
            return $"opened again after the cut: {again}";
        }

        if (second.FreeBytes < RecordHead.SizeOf(3, second.Alignment) && !second.IsRing)
        {
            return null;
        }

        long next = cut.Append([1, 2, 3]);
        LogEngine<RecordedMemory> third = LogEngine<RecordedMemory>.Open(new CrashMemory(memory.Content, remembers: false).Log);
        LogCursor cursor = new();
        third.Seek(cursor, next);
        return (_moves || next == verdict.Last + 1) && third.LastSequence == next && third.TryRead(cursor, false)
            && cursor.Bytes.Span.SequenceEqual((ReadOnlySpan<byte>)[1, 2, 3])
                ? null
                : $"record {next} was appended to what was cut, and is not found: {third.Recovery}";
    }

    private string? CheckFound(LogEngine<RecordedMemory> log, DamageVerdict verdict)
    {
        if ((!_moves && log.LastSequence != verdict.Last) || log.Tail.Sequence != verdict.Header!.First)
        {
            return $"{log.Recovery}; {Text(verdict)}";
        }

        HashSet<long> told = [.. log.Recovery.Lost.SelectMany(gap => Range(gap.FirstSequence, gap.Count))];
        if (_moves ? log.Recovery.Count < verdict.Last + 1 - log.Tail.Sequence - verdict.Lost.Count : !told.SetEquals(verdict.Lost))
        {
            return $"lost are not the right ones: {log.Recovery}; {Text(verdict)}";
        }

        if (log.Recovery.Count != log.LastSequence + 1 - log.Tail.Sequence - told.Count)
        {
            return $"the count is wrong: {log.Recovery}";
        }

        LogCursor cursor = new();
        log.Seek(cursor, log.Tail.Sequence);
        for (long next = log.Tail.Sequence; next <= log.LastSequence;)
        {
            try
            {
                if (!log.TryRead(cursor, withUndurable: false))
                {
                    return $"record {next} is not read";
                }

                if (told.Contains(next) || !cursor.Bytes.Span.SequenceEqual(records[next]))
                {
                    return $"record {next} is not what was appended";
                }

                next++;
            }
            catch (PersistentLogException lost) when (lost.Missed > 0)
            {
                if (!Range(next, lost.Missed).All(told.Contains))
                {
                    return $"{lost.Message}: {Text(verdict)}";
                }

                next += lost.Missed;
            }
        }

        return null;
    }

    private static IEnumerable<long> Range(long first, long count) => Enumerable.Range(0, (int)count).Select(i => first + i);

    private void Count(string what) => Found[what] = Found.GetValueOrDefault(what) + 1;

    private static string Text(DamageVerdict verdict) =>
        $"right is {verdict.Header?.First} to {verdict.Last}, lost {string.Join(' ', verdict.Lost)}";
}
