namespace DirectMap.Logs;

/// <content>
/// What the records prove, where nobody has told how far the log is durable (a crash of the machine, or a damaged status page).
/// Somebody may be appending all the same, or opening the log: what was found counts only if header and instance are the same before
/// and after it.
/// </content>
internal sealed partial class LogObserver<TMemory>
{
    /// <summary>
    /// What the records prove from where the log was known to be durable before, or from the oldest one on; null where the log has changed
    /// meanwhile.
    /// </summary>
    private LogSight? Ask(LogHeader header, ulong instance, LogSight? former)
    {
        long now = Environment.TickCount64;
        if (former?.AskedAt is { } askedAt && now - askedAt < AskEvery && former.Header == header && former.Instance == instance)
        {
            return former;
        }

        // An opening may store what follows lost records elsewhere than the former life would have.
        LogProgress known = former?.Header.Life == header.Life && former.Durable.End >= header.Tail.Position
            && former.Durable.End <= header.Bound
                ? former.Durable
                : new LogProgress(header.Tail.Position, header.Tail.Sequence);
        LogHeader rest = header with { Tail = new LogTail(known.End, known.Next) };
        LogArea<TMemory> area = new(_memory, rest);
        if (WalkOver(rest, area, instance) is not { } walk)
        {
            return null;
        }

        LogProgress durable = DurableIn(walk, rest, area);
        return IsUnchanged(instance) ? new LogSight(header, instance, durable) { AskedAt = now } : null;
    }

    /// <summary>
    /// A record may come after it was looked at, and one behind it that says that it is durable: it is not damaged if it is whole when
    /// it is looked at again. Null where the log has changed meanwhile.
    /// </summary>
    private LogRecoveryWalk<TMemory>? WalkOver(LogHeader header, LogArea<TMemory> area, ulong instance)
    {
        for (int attempt = 1; ; attempt++)
        {
            LogRecoveryWalk<TMemory> walk = new(header, area), again = new(header, area);
            walk.Walk();
            if (walk.Stop != PersistentLogStop.Damage)
            {
                return walk;
            }

            again.Walk();
            if (!IsUnchanged(instance))
            {
                return null;
            }

            bool isSame = again.StrangerLife == walk.StrangerLife && again.Lost.SequenceEqual(walk.Lost);
            if (isSame || attempt >= MostLooks)
            {
                return _skipsDamage || again.Stop != PersistentLogStop.Damage ? again : throw again.Damage(_memory.Place);
            }
        }
    }

    /// <summary>Whether the header and the instance are still those that the last look has found.</summary>
    private bool IsUnchanged(ulong instance)
    {
        Volatile.ReadBarrier();
        Span<ulong> marks = stackalloc ulong[LogHeaderSlot.Marks];
        LogHeaderSlot.LoadMarks(_memory, marks);
        return marks.SequenceEqual(_marks) && LogStatusPage.InstanceIn(_memory) == instance;
    }

    /// <summary>Where the last record ends that is proved durable.</summary>
    private static LogProgress DurableIn(LogRecoveryWalk<TMemory> walk, LogHeader header, LogArea<TMemory> area)
    {
        (long at, long next) = (header.Tail.Position, header.Tail.Sequence);
        foreach ((PersistentLogGap gap, long from, long to) in walk.Lost)
        {
            (at, next) = (to, gap.LastSequence + 1);
        }

        while (next <= walk.Proved && at < walk.End)
        {
            RecordHead head = RecordHead.Load(area, at);
            long numbers = head.NumbersIn(area, at);
            if (head.Sequence != next || head.Length < 0 || numbers <= 0)
            {
                break; // It was given up meanwhile.
            }

            at += RecordHead.SizeOf(head.Length, header.Alignment);
            next += numbers;
        }

        return new LogProgress(at, next);
    }
}
