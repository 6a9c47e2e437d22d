using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>
/// Reads a log that somebody else may be appending to, or has left as a crash has left it, and stores nothing. Invariants:
/// <list type="number">
/// <item>A record is shown only if it is known to be durable: its appender has told so (<see cref="LogProgress"/>), the header says so
/// (<see cref="LogHeader.LifeStart"/>, also of a closed log), or a later whole record does (<see cref="RecordHead.Proves"/>). Records that
/// are whole and nothing else are not shown: a power failure may take them back.</item>
/// <item>A record is shown only if it is whole: number, life and checksum are the ones that this log's record must have there. So whatever
/// anybody stores in the status page or in the header, no bytes are shown that are not a record's.</item>
/// <item>A header's state is believed if it is whole; the log has to be the one that was found first.</item>
/// <item>The oldest record's position is read after a record's bytes, by the header's generation, which is another one, durably, before
/// anything is stored over a record. So a record that was being overwritten is not shown, and those that are missed are counted.</item>
/// <item>What was shown as durable stays so within a life.</item>
/// </list>
/// Safe for any thread.
/// </summary>
internal sealed class LogObserver<TMemory>
    where TMemory : struct, ILogMemory
{
    /// <summary>How often it is looked again where what is found may be of two moments.</summary>
    private const int MostLooks = 16;

    /// <summary>Where nobody tells: how often the records are asked at most, in milliseconds.</summary>
    private const long AskEvery = 100;

    private readonly TMemory _memory;
    private readonly bool _skipsDamage;
    private readonly ulong _id;
    private readonly UninterruptedLock _gate = new();
    private readonly LogIndex _index = new();
    private readonly ulong[] _marks = new ulong[LogHeaderSlot.Marks];
    private LogHeader? _newest;
    private volatile LogSight? _sight;

    /// <param name="memory">Where the log is.</param>
    /// <param name="skipsDamage">Whether what is whole behind a damaged record is read, too.</param>
    internal LogObserver(TMemory memory, bool skipsDamage)
    {
        _memory = memory;
        _skipsDamage = skipsDamage;
        LogHeader header = LogPlace.Look(memory).HeaderOrThrow(memory);
        default(LogOpening).ThrowIfOther(header, LogHeader.CapacityIn(memory.Length));
        _id = header.Id;
        Look();
    }

    /// <summary>The beat that is there now. To be read before a look, and slept on after it.</summary>
    internal uint Beat
    {
        get
        {
            uint beat = (uint)_memory.Load(LogProgress.BeatOffset);
            Volatile.ReadBarrier();
            return beat;
        }
    }

    /// <summary>What is to be believed now.</summary>
    internal LogSight Look()
    {
        using (_gate.Enter())
        {
            LogSight? former = _sight;
            for (int attempt = 1; ; attempt++)
            {
                ulong instance = LogStatusPage.InstanceIn(_memory);
                Volatile.ReadBarrier();
                LogHeader header = LoadHeader();
                LogProgress? told = header.IsClosed
                    ? new LogProgress(header.Bound, header.LifeStart)
                    : LogProgress.TryLoad(_memory, header, instance);
                if (told is { } durable)
                {
                    return _sight = SightOf(header, header.IsClosed ? 0 : instance, durable, former);
                }

                if (attempt >= MostLooks)
                {
                    return _sight = Ask(header, instance, former);
                }

                Thread.SpinWait(attempt);
            }
        }
    }

    /// <summary>Moves a cursor to a record, or to where the next one will be.</summary>
    internal void Seek(LogCursor cursor, long? from)
    {
        LogSight sight = Look();
        long sequence = from ?? sight.Header.Tail.Sequence;
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1, nameof(from));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, sight.Durable.Next, nameof(from));
        if (sequence == sight.Durable.Next)
        {
            (cursor.Position, cursor.Sequence) = (sight.Durable.End, sequence);
            return;
        }

        if (sequence < sight.Header.Tail.Sequence)
        {
            (cursor.Position, cursor.Sequence) = (0, sequence); // Before the oldest one: the first read says how many are missed.
            return;
        }

        (long Sequence, long Position) near = _index.Before(sequence);
        bool isKnown = near.Position >= sight.Header.Tail.Position;
        (cursor.Sequence, cursor.Position) = isKnown ? near : (sight.Header.Tail.Sequence, sight.Header.Tail.Position);
        if (!TrySeekOn(cursor, sequence))
        {
            // What is known may be of before records were given up, or taken back.
            sight = Look();
            (cursor.Sequence, cursor.Position) = (sight.Header.Tail.Sequence, sight.Header.Tail.Position);
            if (!TrySeekOn(cursor, sequence))
            {
                throw NotWhole(cursor.Sequence);
            }
        }
    }

    /// <summary>Reads the record at a cursor, if it is durable, and moves it on.</summary>
    /// <returns>Whether there was one.</returns>
    internal bool TryRead(LogCursor cursor)
    {
        LogSight sight = _sight!;
        for (bool isSecond = false; ; isSecond = true)
        {
            if (cursor.Position >= sight.Durable.End)
            {
                sight = Look();
            }

            ThrowIfOvertaken(cursor, sight);
            if (cursor.Position >= sight.Durable.End)
            {
                return cursor.Position == sight.Durable.End ? false : throw TakenBack(cursor);
            }

            LogArea<TMemory> area = new(_memory, sight.Header);
            bool isWhole = LogRecords.TryRead(area, sight.Header, cursor, sight.Durable.End, out long size, out long lost);
            Volatile.ReadBarrier();
            if (!isWhole || !IsNewest(sight.Header))
            {
                sight = Look();
                ThrowIfOvertaken(cursor, sight);
            }

            if (isWhole)
            {
                MoveOn(cursor, size, lost);
                return true;
            }

            if (isSecond)
            {
                throw Skip(cursor, sight) is { } gap ? Lost(gap) : NotWhole(cursor.Sequence);
            }
        }
    }

    private void MoveOn(LogCursor cursor, long size, long lost)
    {
        _index.Add(cursor.Sequence, cursor.Position);
        cursor.Position += size;
        if (lost > 0)
        {
            LogGap gap = new(cursor.Sequence, cursor.Sequence + lost - 1);
            cursor.Sequence += lost;
            throw Lost(gap);
        }

        cursor.Record = cursor.Sequence++;
    }

    /// <summary>Head by head. False: there is one that is none, or the log has changed; the cursor is there.</summary>
    private bool TrySeekOn(LogCursor cursor, long sequence)
    {
        LogSight sight = _sight!;
        LogArea<TMemory> area = new(_memory, sight.Header);
        while (cursor.Sequence < sequence)
        {
            RecordHead head = RecordHead.Load(area, cursor.Position);
            long numbers = head.NumbersIn(area, cursor.Position);
            Volatile.ReadBarrier();
            if (!LogRecords.IsHeadOf(head, sight.Header, cursor.Sequence, sight.Durable.End - cursor.Position) || numbers <= 0)
            {
                if (!IsNewest(sight.Header) || Skip(cursor, sight) is null)
                {
                    return false;
                }

                continue;
            }

            if (cursor.Sequence + numbers > sequence)
            {
                return true; // It is among those that were lost there, which reading says.
            }

            _index.Add(cursor.Sequence, cursor.Position);
            cursor.Position += RecordHead.SizeOf(head.Length, sight.Header.Alignment);
            cursor.Sequence += numbers;
        }

        return true;
    }

    /// <summary>
    /// Moves a cursor behind what is not whole, to the next whole record that may follow, or to the end. Returns the numbers that are lost;
    /// null where nothing was skipped.
    /// </summary>
    private LogGap? Skip(LogCursor cursor, LogSight sight)
    {
        if (!_skipsDamage)
        {
            return null;
        }

        LogHeader header = sight.Header with
        {
            Tail = new LogTail(cursor.Position, cursor.Sequence),
            Bound = sight.Durable.End,
        };
        LogRecoveryWalk<TMemory> walk = new(header, new LogArea<TMemory>(_memory, header), sight.DurableSequence);
        walk.Walk();
        if (walk.Lost.Count == 0 || walk.Lost[0].From != cursor.Position)
        {
            return null;
        }

        (LogGap gap, _, long to) = walk.Lost[0];
        bool isLast = gap.LastSequence >= sight.DurableSequence;
        (cursor.Position, cursor.Sequence) = (isLast ? sight.Durable.End : to, gap.LastSequence + 1);
        return gap;
    }

    /// <summary>The former one, where nothing is new.</summary>
    private static LogSight SightOf(LogHeader header, ulong instance, LogProgress durable, LogSight? former)
    {
        if (former?.Header.Life == header.Life && durable.End < former.Durable.End)
        {
            durable = former.Durable;
        }

        bool isFormer = former is { AskedAt: null } && ReferenceEquals(former.Header, header) && former.Instance == instance
            && former.Durable == durable;
        return isFormer ? former! : new LogSight(header, instance, durable);
    }

    /// <summary>The newest state of the header, if it is still that of the same log.</summary>
    private LogHeader LoadHeader()
    {
        // What says which state it is, and what it is of, and the checksum of the rest.
        Span<ulong> marks = stackalloc ulong[_marks.Length];
        LogHeaderSlot.LoadMarks(_memory, marks);
        if (_newest is null || !marks.SequenceEqual(_marks))
        {
            _newest = null;
            LogHeader header = LoadNewHeader();
            marks.CopyTo(_marks); // They may be of a former state; then the next call loads it once more.
            _newest = header;
        }

        return _newest;
    }

    private LogHeader LoadNewHeader()
    {
        for (int attempt = 1; ; attempt++)
        {
            LogPlace place = LogPlace.Look(_memory);
            if (place.Header is { } header)
            {
                return header.Id == _id ? header : throw Replaced("another log is there");
            }

            // One slot after the other is stored; so both may have been seen in the midst of that.
            if (attempt >= MostLooks)
            {
                throw place.Kind == LogPlaceKind.Damaged
                    ? new PersistentLogException(LogError.Damaged, "the log's header cannot be read: both of its slots are damaged")
                    : Replaced(place.Kind == LogPlaceKind.HalfMade ? "another one is being made there" : "there is no log any more");
            }

            Thread.SpinWait(1 << attempt);
        }
    }

    /// <summary>
    /// Where nobody has told how far the log is durable (a crash of the machine, or a damaged status page): what the records prove, from
    /// where it was known to be durable before, or from the oldest one on.
    /// </summary>
    private LogSight Ask(LogHeader header, ulong instance, LogSight? former)
    {
        long now = Environment.TickCount64;
        if (former?.AskedAt is { } askedAt && now - askedAt < AskEvery && former.Header == header)
        {
            return former;
        }

        LogProgress known = former is not null && former.Durable.End >= header.Tail.Position && former.Durable.End <= header.Bound
            ? former.Durable
            : new LogProgress(header.Tail.Position, header.Tail.Sequence);
        LogHeader rest = header with { Tail = new LogTail(known.End, known.Next) };
        LogArea<TMemory> area = new(_memory, rest);
        LogRecoveryWalk<TMemory> walk = WalkOver(rest, area);
        return new LogSight(header, instance, DurableIn(walk, rest, area)) { AskedAt = now };
    }

    /// <summary>
    /// Somebody may be appending all the same. Then a record may come after it was looked at, and one behind it that says that
    /// it is durable: it is not damaged if it is whole when it is looked at again.
    /// </summary>
    private LogRecoveryWalk<TMemory> WalkOver(LogHeader header, LogArea<TMemory> area)
    {
        for (int attempt = 1; ; attempt++)
        {
            LogRecoveryWalk<TMemory> walk = new(header, area), again = new(header, area);
            walk.Walk();
            if (walk.Stop != LogStop.Damage)
            {
                return walk;
            }

            again.Walk();
            if (again.Lost.SequenceEqual(walk.Lost) || attempt >= MostLooks)
            {
                return _skipsDamage ? again : throw again.Damage();
            }
        }
    }

    /// <summary>Where the last record ends that is proved durable.</summary>
    private static LogProgress DurableIn(LogRecoveryWalk<TMemory> walk, LogHeader header, LogArea<TMemory> area)
    {
        (long at, long next) = (header.Tail.Position, header.Tail.Sequence);
        foreach ((LogGap gap, long from, long to) in walk.Lost)
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

    /// <summary>Whether neither slot has a newer state. A damaged one may say so, too: then it is looked again each time.</summary>
    private bool IsNewest(LogHeader header) =>
        LogHeaderSlot.GenerationIn(_memory, 0) <= header.Generation && LogHeaderSlot.GenerationIn(_memory, 1) <= header.Generation;

    private static void ThrowIfOvertaken(LogCursor cursor, LogSight sight)
    {
        LogTail tail = sight.Header.Tail;
        if (cursor.Position < tail.Position)
        {
            long missed = tail.Sequence - cursor.Sequence;
            string message = $"records {cursor.Sequence} to {tail.Sequence - 1} were given up before they were read";
            (cursor.Position, cursor.Sequence) = (tail.Position, tail.Sequence);
            throw new PersistentLogException(LogError.Overtaken, message) { Missed = missed };
        }
    }

    private static PersistentLogException TakenBack(LogCursor cursor) => new(
        LogError.Damaged, $"record {cursor.Sequence - 1} was read, and is not there any more: an opening has cut the log before it");

    private static PersistentLogException NotWhole(long sequence) =>
        new(LogError.Damaged, $"record {sequence} was durable and is not whole");

    private static PersistentLogException Lost(LogGap gap) =>
        new(LogError.Damaged, $"{gap}: durable and lost") { Missed = gap.Count };

    private static PersistentLogException Replaced(string how) =>
        new(LogError.Replaced, $"the log that was followed is gone: {how}");
}
