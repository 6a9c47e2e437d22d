using System.Security.Cryptography;

namespace DirectMap.Logs;

/// <summary>
/// A log over some memory. Invariants:
/// <list type="number">
/// <item>One thread at a time stores anything: the leader of <see cref="LogQueue"/>. What it stores of records lies between <c>_end</c> and
/// the oldest record's position one lap later, so no record that anybody may read is touched.</item>
/// <item>The leader alone raises <c>_durableEnd</c>. It does so only after a persist has returned that reached from its former value, or
/// from the oldest record, to the new one. So all before it is durable.</item>
/// <item>The oldest record's position grows in the header first, durably, then here, and only then is anything stored where it was: a crash
/// finds the new one, or the old one with all its records.</item>
/// <item>The bound is raised in the header, durably, before a record is stored that reaches beyond it: a search never has to look
/// further.</item>
/// <item>A record says how many before it were not durable when it was stored, or more, and never fewer.</item>
/// <item>After a call of the memory has thrown, nothing is stored any more, and nothing becomes durable: what was half done is found out by
/// the next opening.</item>
/// <item>A request is answered, and another leader begins, after both the end and the number that a persist has
/// reached are published.</item>
/// </list>
/// Safe for any thread.
/// </summary>
internal sealed partial class LogEngine<TMemory>
    where TMemory : struct, ILogMemory
{
    private readonly TMemory _memory;
    private readonly LogArea<TMemory> _area;
    private readonly LogIndex _index;
    private readonly LogQueue _queue;
    private LogHeader _header;
    private volatile LogTail _tail;
    private long _end;
    private long _next;
    private long _durableEnd;
    private long _durableSequence;
    private Exception? _failure;
    private LogPublisher<TMemory>? _publisher;

    private LogEngine(TMemory memory, LogHeader header, LogPosition free, LogIndex index, PersistentLogRecovery recovery)
    {
        _memory = memory;
        _queue = new LogQueue(gathers: !memory.IsPersistQuick, TimeProvider.System);
        _area = new LogArea<TMemory>(memory, header);
        _index = index;
        _header = header;
        _tail = header.Tail;
        _end = _durableEnd = free.Position;
        _next = free.Sequence;
        _durableSequence = free.Sequence - 1;
        Recovery = recovery;
    }

    internal PersistentLogRecovery Recovery { get; }

    internal ulong Id => _header.Id;

    internal long Capacity => _area.Capacity;

    internal int Alignment => _header.Alignment;

    internal bool IsRing => _header.IsRing;

    internal int MaxRecordLength => (int)Math.Min(Capacity - RecordHead.Size, Array.MaxLength);

    internal LogTail Tail => _tail;

    internal long LastSequence => Volatile.Read(ref _next) - 1;

    internal long DurableSequence => Volatile.Read(ref _durableSequence);

    internal long FreeBytes
    {
        get
        {
            while (true)
            {
                LogTail tail = _tail;
                long used = Volatile.Read(ref _end) - tail.Position;
                Volatile.ReadBarrier();
                if (ReferenceEquals(tail, _tail))
                {
                    return Capacity - used; // Both were there at one time.
                }
            }
        }
    }

    internal Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Whether the header says that all is durable: <see cref="Close"/> has been called, and has succeeded.</summary>
    internal bool IsClosed => _header.IsClosed;

    internal static LogEngine<TMemory> Create(TMemory memory, int alignment, bool isRing)
    {
        LogHeader header = new()
        {
            Generation = 0,
            Id = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))),
            Capacity = LogHeader.CapacityIn(memory.Length),
            Alignment = alignment,
            IsRing = isRing,
            Tail = new LogTail(0, 1),
            Life = 1,
            LifeStart = 1,
            Bound = 0,
        };
        header = header with { Bound = header.BoundFor(0) };
        LogHeaderSlot.StoreFirst(memory, header);
        PersistentLogRecovery recovery = new() { FirstSequence = 1, LastSequence = 0, StoppedAt = PersistentLogStop.End };
        return new LogEngine<TMemory>(memory, header, new LogPosition(0, 1), new LogIndex(), recovery);
    }

    /// <summary>Opens a log; makes one where nothing is but zeros, or one that a crash left half-made.</summary>
    internal static LogEngine<TMemory> OpenOrCreate(TMemory memory, LogOpening opening, int alignment, bool isRing) =>
        LogPlace.Look(memory, looksForOthers: true).MayBeMade(memory)
            ? Create(memory, alignment, isRing)
            : Open(memory, opening);

    /// <summary>
    /// Finds what there is, and begins a new life. The persists are an order:
    /// <list type="number">
    /// <item>the header's state that was found, since the next one goes to the other slot, which may have the only one that is durable:
    /// what a process that was killed has stored is seen, durable or not;</item>
    /// <item>the records that were found, and the marks of those that were lost, before the header says that they were: from then on
    /// their absence is damage;</item>
    /// <item>the new life, in both slots, before its first record.</item>
    /// </list>
    /// </summary>
    internal static LogEngine<TMemory> Open(TMemory memory, LogOpening opening = default)
    {
        LogPlace place = LogPlace.Look(memory);
        LogHeader header = place.HeaderOrThrow(memory);
        opening.ThrowIfOther(header, memory);
        LogArea<TMemory> area = new(memory, header);
        LogRecoveryWalk<TMemory> walk = new(header, area);
        walk.Walk();
        if (walk.Stop == PersistentLogStop.Damage && !opening.CutsDamage)
        {
            throw walk.Damage(memory.Place);
        }

        ThrowIfNoRoomForMark(memory.Place, header, walk);
        LogHeaderSlot.Store(memory, place.Slot, header); // The same words as are there.
        List<long> leftOver = HeadsOf(area, header, walk.LeftOver);
        MarkLost(area, header, walk);
        long end = walk.EndWithMarks;
        if (opening.Rewrites)
        {
            Rewrite(area, walk.Young, end);
        }

        area.Persist(walk.Young, end);
        TakeAway(area, walk, leftOver);
        LogHeader next = header with
        {
            Generation = header.Generation + 1,
            Life = Math.Max(header.Life, walk.StrangerLife) + 1,
            LifeStart = walk.Next,
            Bound = header.BoundFor(end),
            IsClosed = false,
        };
        next.Store(memory, last: place.Slot);
        return new LogEngine<TMemory>(memory, next, new LogPosition(end, walk.Next), walk.Index, walk.Recovery());
    }

    /// <summary>
    /// Waits for those who are appending, makes everything durable, and stores nothing any more. Whoever comes later is told. Then the
    /// header says that all is durable, so an opening need not search.
    /// </summary>
    internal void Close()
    {
        if (!_queue.TryLeadToClose(out List<LogRequest> refused))
        {
            return;
        }

        try
        {
            foreach (LogRequest request in refused)
            {
                request.Fail(Refusal());
            }

            ThrowIfFailed();
            PersistStored();
            LogHeader closed = _header with
            {
                Generation = _header.Generation + 1,
                Life = _header.Life + 1,
                LifeStart = _next,
                Bound = _end,
                IsClosed = true,
            };
            closed.Store(_memory);
            _header = closed;
        }
        catch (Exception exception) when (exception is not PersistentLogException)
        {
            Fail(exception);
            throw;
        }
        finally
        {
            _queue.Closed();
        }
    }

    /// <summary>Only bytes that were moved, or are from another time, can leave less room at the end than was lost there.</summary>
    private static void ThrowIfNoRoomForMark(string place, LogHeader header, LogRecoveryWalk<TMemory> walk)
    {
        if (walk.Lost.Count > 0 && walk.Lost[^1] is { } last
            && last.Gap.Count > (header.Limit - last.From) / RecordHead.SizeOf(0, header.Alignment))
        {
            throw new PersistentLogException(
                PersistentLogError.Damaged,
                place,
                $"{last.Gap}: durable and not whole, and there is no room for them behind the records that are whole",
                $"{nameof(PersistentLogInspection)} reads what is there");
        }
    }

    /// <summary>Leaves a mark in each place where records were lost, so that those behind it are found.</summary>
    private static void MarkLost(LogArea<TMemory> area, LogHeader header, LogRecoveryWalk<TMemory> walk)
    {
        foreach ((PersistentLogGap Gap, long From, long To) lost in walk.Lost)
        {
            // The numbers of a former life need a former one.
            uint life = lost.Gap.FirstSequence < header.LifeStart ? header.Life - 1 : header.Life;
            FileRange place = walk.PlaceOf(lost);
            LogGapMark.Store(area, header, lost.Gap, place, life);
            area.Persist(place.Offset, place.End);
        }
    }

    /// <summary>Where the records begin. To be asked before marks are stored over them.</summary>
    private static List<long> HeadsOf(LogArea<TMemory> area, LogHeader header, IReadOnlyList<LogStretch> stretches)
    {
        List<long> heads = [];
        foreach (LogStretch stretch in stretches)
        {
            for (long at = stretch.From; at < stretch.End; at += RecordHead.SizeOf(RecordHead.Load(area, at).Length, header.Alignment))
            {
                heads.Add(at);
            }
        }

        return heads;
    }

    /// <summary>
    /// Makes whole records that are left over no records any more, after the marks, which may be there because of them. Later their numbers
    /// are those of a former life, and they would be taken for what was lost. One whose first word is a mark's by now is none already.
    /// </summary>
    private static void TakeAway(LogArea<TMemory> area, LogRecoveryWalk<TMemory> walk, List<long> heads)
    {
        HashSet<long> words = [.. walk.Lost.SelectMany(lost => LogGapMark.WordsIn(walk.PlaceOf(lost)))];
        foreach (long at in heads.Where(at => !words.Contains(at)))
        {
            area.Store(at, 0UL);
        }

        foreach (LogStretch stretch in walk.LeftOver)
        {
            area.Persist(stretch.From, stretch.End);
        }
    }

    private static void Rewrite(LogArea<TMemory> area, long from, long to)
    {
        byte[] buffer = new byte[Math.Min(to - from, 64 << 10)];
        for (long at = from; at < to; at += buffer.Length)
        {
            Span<byte> piece = buffer.AsSpan(0, (int)Math.Min(buffer.Length, to - at));
            area.Load(at, piece);
            area.Store(at, piece);
        }
    }

    private void Fail(Exception exception) => Interlocked.CompareExchange(ref _failure, exception, null);

    private void ThrowIfFailed()
    {
        if (Failure is { } failure)
        {
            throw FailedBefore(failure);
        }
    }

    private PersistentLogException FailedBefore(Exception failure) => new(
        PersistentLogError.Failed,
        _memory.Place,
        "an append failed before, and what it left is found out by opening the log again",
        $"{nameof(PersistentLog)}.{nameof(PersistentLog.Attach)}, over a fresh region, does so and goes on",
        failure);

    /// <summary>What is said of a log that is closed; after a failure, that.</summary>
    private PersistentLogException Refusal() => Failure is { } failure
        ? FailedBefore(failure)
        : Detached();

    /// <summary>What is said of a log that has no region.</summary>
    internal PersistentLogException Detached() =>
        new(PersistentLogError.Detached, _memory.Place, "the log has let go of its region");
}
