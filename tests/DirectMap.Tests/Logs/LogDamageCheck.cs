using DirectMap.Logs;

namespace DirectMap.Tests.Logs;

/// <summary>Opens a damaged log in all ways, and compares what is found with what <see cref="DamageOracle"/> says must be found.</summary>
internal sealed class LogDamageCheck(IReadOnlyDictionary<long, byte[]> records, IReadOnlyList<LoggedItem> items)
{
    /// <summary>How many were damaged, and so on.</summary>
    internal Dictionary<string, int> Found { get; } = [];

    /// <param name="image">The words, damaged; they stay as they are.</param>
    /// <param name="newest">The generation of the header's newest state before the damage.</param>
    /// <returns>What is wrong; null for nothing.</returns>
    internal string? Check(ulong[] image, long newest)
    {
        DamageVerdict verdict = DamageOracle.Judge(image, items);
        CrashMemory memory = new([.. image]);
        LogEngine<RecordedMemory> log;
        try
        {
            log = LogEngine<RecordedMemory>.OpenOrCreate(memory.Log, default, 64, isRing: false);
        }
        catch (PersistentLogException refused) when (refused.Error is LogError.Damaged or LogError.NotALog)
        {
            Count(refused.Error.ToString());
            return memory.Events.Count > 0 || !memory.Content.AsSpan().SequenceEqual(image) ? $"something was stored: {refused.Message}"
                : verdict.Header?.Generation != newest ? null
                : refused.Error != LogError.Damaged ? $"the header is whole: {refused.Message}"
                : !verdict.IsDamaged && !verdict.HasStranger ? $"it is not damaged: {refused.Message}"
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

        return verdict.IsDamaged ? $"it is damaged, and was opened: {log.Recovery}; {Text(verdict)}" : CheckFound(log, verdict);
    }

    private string? CheckCut(ulong[] image, DamageVerdict verdict)
    {
        CrashMemory memory = new([.. image]);
        LogEngine<RecordedMemory> cut = LogEngine<RecordedMemory>.Open(memory.Log, new LogOpening(CutsDamage: true));
        string? failure = cut.Recovery.StoppedAt != LogStop.Damage ? $"cut, stopped at {cut.Recovery.StoppedAt}"
            : CheckFound(cut, verdict) is { } first ? $"cut: {first}"
            : null;
        if (failure is not null)
        {
            return failure;
        }

        LogEngine<RecordedMemory> second = LogEngine<RecordedMemory>.Open(new CrashMemory([.. memory.Content]).Log);
        if (CheckFound(second, verdict) is { } again)
        {
            return $"opened again after the cut: {again}";
        }

        if (second.FreeBytes < RecordHead.SizeOf(3, second.Alignment) && !second.IsRing)
        {
            return null;
        }

        long next = cut.Append([1, 2, 3]);
        LogEngine<RecordedMemory> third = LogEngine<RecordedMemory>.Open(new CrashMemory(memory.Content).Log);
        LogCursor cursor = new();
        third.Seek(cursor, next);
        return next == verdict.Last + 1 && third.LastSequence == next && third.TryRead(cursor, false)
            && cursor.Bytes.Span.SequenceEqual((ReadOnlySpan<byte>)[1, 2, 3])
                ? null
                : $"record {next} was appended to what was cut, and is not found: {third.Recovery}";
    }

    private string? CheckFound(LogEngine<RecordedMemory> log, DamageVerdict verdict)
    {
        if (log.LastSequence != verdict.Last || log.Tail.Sequence != verdict.Header!.First)
        {
            return $"{log.Recovery}; {Text(verdict)}";
        }

        IEnumerable<long> told = log.Recovery.Lost.SelectMany(gap => Enumerable.Range(0, (int)gap.Count).Select(i => gap.FirstSequence + i));
        if (!told.SequenceEqual(verdict.Lost))
        {
            return $"lost are not the right ones: {log.Recovery}; {Text(verdict)}";
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

                if (verdict.Lost.Contains(next) || !cursor.Bytes.Span.SequenceEqual(records[next]))
                {
                    return $"record {next} is not what was appended";
                }

                next++;
            }
            catch (PersistentLogException lost) when (lost.Missed > 0)
            {
                if (!Enumerable.Range(0, (int)lost.Missed).All(i => verdict.Lost.Contains(next + i)))
                {
                    return $"{lost.Message}: {Text(verdict)}";
                }

                next += lost.Missed;
            }
        }

        return null;
    }

    private void Count(string what) => Found[what] = Found.GetValueOrDefault(what) + 1;

    private static string Text(DamageVerdict verdict) =>
        $"right is {verdict.Header?.First} to {verdict.Last}, lost {string.Join(' ', verdict.Lost)}";
}
