namespace DirectMap.Logs;

/// <content>Where a record of some number is, and what is lost where one is not whole.</content>
internal sealed partial class LogObserver<TMemory>
{
    /// <summary>Moves a cursor to a record, or to where the next one will be.</summary>
    internal void Seek(LogCursor cursor, long? from)
    {
        LogSight sight = Look();
        long sequence = from ?? sight.Header.Tail.Sequence;
        ArgumentOutOfRangeException.ThrowIfLessThan(sequence, 1, nameof(from));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, sight.Durable.Next, nameof(from));
        if (!TryFind(sequence, sight, out LogPosition at))
        {
            throw NotWhole(at.Sequence);
        }

        (cursor.Position, cursor.Sequence) = at;
    }

    /// <summary>Where a record is, or the mark or the gap that it is lost in. False: one before it is not whole, and it is there.</summary>
    private bool TryFind(long sequence, LogSight sight, out LogPosition at)
    {
        bool walks = false;
        for (int attempt = 1; ; attempt++)
        {
            LogTail tail = sight.Header.Tail;
            if (sequence < tail.Sequence || sequence >= sight.Durable.Next)
            {
                // Before the oldest one the first read says how many are missed.
                at = new LogPosition(sequence < tail.Sequence ? 0 : sight.Durable.End, sequence);
                return true;
            }

            at = walks ? new LogPosition(tail.Position, tail.Sequence) : NearTo(sequence, sight);
            bool isFound = TrySeekOn(ref at, sequence, sight);
            Volatile.ReadBarrier();
            LogHeader former = sight.Header;
            sight = Look();
            bool isSame = ReferenceEquals(sight.Header, former);
            if (isFound ? isSame || attempt >= MostLooks : isSame && walks)
            {
                return isFound;
            }

            walks = !isFound;
        }
    }

    /// <summary>
    /// Where a record begins that is not far before another one. What is known may be of before records were given up, or taken back; then
    /// the other one is not found from there.
    /// </summary>
    private LogPosition NearTo(long sequence, LogSight sight)
    {
        LogTail tail = sight.Header.Tail;
        (long Sequence, long Position) known = _index.Before(sequence);
        LogPosition near = known.Position >= tail.Position && known.Sequence >= tail.Sequence
            ? new LogPosition(known.Position, known.Sequence)
            : new LogPosition(tail.Position, tail.Sequence);
        LogPosition end = new(sight.Durable.End, sight.Durable.Next);
        return new LogSearch<TMemory>(new LogArea<TMemory>(_memory, sight.Header), sight.Header).Approach(near, end, sequence);
    }

    /// <summary>Head by head. False: there is one that is none, and what is damaged is not passed over.</summary>
    private bool TrySeekOn(ref LogPosition at, long sequence, LogSight sight)
    {
        LogPosition start = at;
        LogArea<TMemory> area = new(_memory, sight.Header);
        LogCursor cursor = new();
        while (at.Sequence < sequence)
        {
            RecordHead head = RecordHead.Load(area, at.Position);
            if (!LogRecords.IsHeadOf(head, sight.Header, at.Sequence, sight.Durable.End - at.Position)
                || !IsRecordOrMark(head, at, sight, cursor, out long numbers))
            {
                return _skipsDamage && TrySeekByWalk(start, ref at, sequence, sight);
            }

            if (numbers > sequence - at.Sequence)
            {
                return true; // It is among those that were lost there, which reading says.
            }

            _index.Add(at.Sequence, at.Position);
            at = new LogPosition(at.Position + RecordHead.SizeOf(head.Length, sight.Header.Alignment), at.Sequence + numbers);
        }

        return true;
    }

    /// <summary>
    /// How many numbers a head has. Where a record's length is wrong, no head of the next number follows; a mark's count has nothing
    /// behind it that would tell, so a mark is checked.
    /// </summary>
    private bool IsRecordOrMark(RecordHead head, LogPosition at, LogSight sight, LogCursor cursor, out long numbers)
    {
        numbers = 1;
        if (head.Kind != RecordHead.Gap)
        {
            return true;
        }

        (cursor.Position, cursor.Sequence) = at;
        return LogRecords.TryRead(new LogArea<TMemory>(_memory, sight.Header), sight.Header, cursor, sight.Durable.End, out _, out numbers);
    }

    private bool IsMark(LogPosition at, LogSight sight)
    {
        RecordHead head = RecordHead.Load(new LogArea<TMemory>(_memory, sight.Header), at.Position);
        return head.Kind == RecordHead.Gap && IsRecordOrMark(head, at, sight, new LogCursor(), out _);
    }

    /// <summary>
    /// Amid damage: all records are read from the start on, since the length of one whose bytes are damaged may be damaged, too, and what
    /// follows is not where it says.
    /// </summary>
    private bool TrySeekByWalk(LogPosition start, ref LogPosition at, long sequence, LogSight sight)
    {
        LogRecoveryWalk<TMemory> walk = WalkFrom(start, sight);
        foreach ((PersistentLogGap gap, long from, _) in walk.Lost)
        {
            if (gap.FirstSequence <= sequence && sequence <= gap.LastSequence)
            {
                at = new LogPosition(from, gap.FirstSequence);
                return true;
            }
        }

        if (walk.Kept.FirstOrDefault(stretch => stretch.First <= sequence && sequence < stretch.Next) is not { } stretch)
        {
            return false;
        }

        at = new LogPosition(stretch.From, stretch.First);
        LogCursor cursor = new();
        for (LogArea<TMemory> area = new(_memory, sight.Header); at.Sequence < sequence;)
        {
            RecordHead head = RecordHead.Load(area, at.Position);
            if (!IsRecordOrMark(head, at, sight, cursor, out long numbers) || head.Sequence != at.Sequence)
            {
                return false; // It was whole just now, so it has changed meanwhile.
            }

            if (numbers > sequence - at.Sequence)
            {
                return true;
            }

            at = new LogPosition(at.Position + RecordHead.SizeOf(Math.Max(head.Length, 0), sight.Header.Alignment), at.Sequence + numbers);
        }

        return true;
    }

    /// <summary>
    /// The numbers that are lost at a place where no whole record is, and where the next whole one that may follow is, or the end. Null
    /// where nothing may be skipped.
    /// </summary>
    private PersistentLogGap? GapAt(LogPosition at, LogSight sight, out long behind)
    {
        behind = at.Position;
        if (!_skipsDamage || at.Position > sight.Durable.End)
        {
            return null;
        }

        LogRecoveryWalk<TMemory> walk = WalkFrom(at, sight);
        if (walk.Lost.Count == 0 || walk.Lost[0].From != at.Position)
        {
            return null;
        }

        (PersistentLogGap gap, _, long to) = walk.Lost[0];
        behind = gap.LastSequence >= sight.DurableSequence ? sight.Durable.End : to;
        return gap;
    }

    /// <summary>All that is durable from a place on, checked.</summary>
    private LogRecoveryWalk<TMemory> WalkFrom(LogPosition at, LogSight sight)
    {
        LogHeader header = sight.Header with { Tail = new LogTail(at.Position, at.Sequence), Bound = sight.Durable.End };
        LogRecoveryWalk<TMemory> walk = new(header, new LogArea<TMemory>(_memory, header), sight.DurableSequence);
        walk.Walk();
        return walk;
    }
}
