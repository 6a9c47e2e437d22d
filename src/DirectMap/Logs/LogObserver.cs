using System.Diagnostics;
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
internal sealed partial class LogObserver<TMemory>
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
        LogHeader header = LookForHeader(memory).HeaderOrThrow(memory);
        default(LogOpening).ThrowIfOther(header, memory);
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
                    return _sight = Checked(SightOf(header, header.IsClosed ? 0 : instance, durable, former), former);
                }

                if (attempt >= MostLooks && Ask(header, instance, former) is { } asked)
                {
                    return _sight = Checked(asked, former);
                }

                Thread.SpinWait(Math.Min(attempt, MostLooks));
            }
        }
    }

    /// <summary>Reads the record at a cursor, if it is durable, and moves it on.</summary>
    /// <returns>Whether there was one.</returns>
    internal bool TryRead(LogCursor cursor)
    {
        LogSight sight = _sight!;
        for (LogHeader? failed = null; ;)
        {
            if (cursor.Sequence >= sight.Durable.Next)
            {
                sight = Look();
            }

            ThrowIfOvertaken(cursor, sight);
            if (cursor.Sequence >= sight.Durable.Next)
            {
                // After an opening that has marked what was lost at the end, it may be elsewhere than it was.
                cursor.Position = cursor.Sequence == sight.Durable.Next ? sight.Durable.End : throw TakenBack(cursor);
                return false;
            }

            bool isSecond = ReferenceEquals(failed, sight.Header);
            LogArea<TMemory> area = new(_memory, sight.Header);
            bool isWhole = LogRecords.TryRead(area, sight.Header, cursor, sight.Durable.End, out long size, out long lost);
            long behind = 0;
            PersistentLogGap? gap =
                !isWhole && isSecond ? GapAt(new LogPosition(cursor.Position, cursor.Sequence), sight, out behind) : null;
            Volatile.ReadBarrier();
            failed = sight.Header;
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

            if (isSecond && ReferenceEquals(failed, sight.Header))
            {
                throw gap is { } skipped ? Skip(cursor, skipped, behind) : NotWhole(cursor.Sequence);
            }

            // An opening may have moved it, as above, or have marked it with those before it. Nothing else goes back: what is lost from
            // here on may be told otherwise than from further ahead, and what was told is not told again.
            if (TryFind(cursor.Sequence, sight, out LogPosition at) && (at.Sequence == cursor.Sequence || IsMark(at, sight)))
            {
                (cursor.Position, cursor.Sequence) = at;
            }
        }
    }

    private PersistentLogException Skip(LogCursor cursor, PersistentLogGap gap, long behind)
    {
        (cursor.Position, cursor.Sequence) = (behind, gap.LastSequence + 1);
        return Lost(gap);
    }

    private void MoveOn(LogCursor cursor, long size, long lost)
    {
        _index.Add(cursor.Sequence, cursor.Position);
        cursor.Position += size;
        if (lost > 0)
        {
            PersistentLogGap gap = new(cursor.Sequence, cursor.Sequence + lost - 1);
            cursor.Sequence += lost;
            throw Lost(gap);
        }

        cursor.Record = cursor.Sequence++;
    }

    private LogSight Checked(LogSight sight, LogSight? former)
    {
        Debug.Assert(sight.Header.Id == _id, "3: another log is shown");
        Debug.Assert(
            former is null || former.Header.Life != sight.Header.Life || former.Durable.End <= sight.Durable.End,
            "5: what was shown as durable is not any more");
        return sight;
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
        LogPlace place = LookForHeader(_memory);
        return place.Header switch
        {
            { } header => header.Id == _id ? header : throw Replaced("another log is there"),
            null when place.Kind == LogPlaceKind.Damaged => place.HeaderOrThrow(_memory),
            null when place.Kind == LogPlaceKind.HalfMade => throw Replaced("another one is being made there"),
            null => throw Replaced("there is no log any more"),
        };
    }

    /// <summary>One slot after the other is stored; so both may be seen in the midst of that, and then it is looked again.</summary>
    private static LogPlace LookForHeader(TMemory memory)
    {
        for (int attempt = 1; ; attempt++)
        {
            LogPlace place = LogPlace.Look(memory);
            if (place.Header is not null || attempt >= MostLooks)
            {
                return place;
            }

            Thread.SpinWait(1 << attempt);
        }
    }

    /// <summary>
    /// Whether neither slot has a newer state, or another log's. A damaged one may say so, too: then it is looked again each time.
    /// </summary>
    private bool IsNewest(LogHeader header) => HasNoNewer(0, header) && HasNoNewer(1, header);

    private bool HasNoNewer(int slot, LogHeader header) =>
        LogHeaderSlot.GenerationIn(_memory, slot) <= header.Generation && LogHeaderSlot.IdIn(_memory, slot) == header.Id;

    private void ThrowIfOvertaken(LogCursor cursor, LogSight sight)
    {
        LogTail tail = sight.Header.Tail;
        if (cursor.Sequence < tail.Sequence)
        {
            long missed = tail.Sequence - cursor.Sequence;
            string message = $"records {cursor.Sequence} to {tail.Sequence - 1} were given up before they were read";
            (cursor.Position, cursor.Sequence) = (tail.Position, tail.Sequence);
            throw new PersistentLogException(PersistentLogError.Overtaken, _memory.Place, message) { Missed = missed };
        }
    }

    private PersistentLogException TakenBack(LogCursor cursor) => new(
        PersistentLogError.Damaged,
        _memory.Place,
        $"record {cursor.Sequence - 1} was read, and is not there any more: an opening has cut the log before it",
        "read anew, from a record that is there");

    private PersistentLogException NotWhole(long sequence) =>
        new(PersistentLogError.Damaged, _memory.Place, $"record {sequence} was durable and is not whole");

    private PersistentLogException Lost(PersistentLogGap gap) =>
        new(PersistentLogError.Damaged, _memory.Place, $"{gap}: durable and lost", "the next read goes on behind them")
        {
            Missed = gap.Count
        };

    private PersistentLogException Replaced(string how) =>
        new(PersistentLogError.Replaced, _memory.Place, $"the log that was followed is gone: {how}");
}
