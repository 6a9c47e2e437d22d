using System.Security.Cryptography;

namespace DirectMap.Logs;

/// <summary>
/// A log over some memory. Invariants:
/// <list type="number">
/// <item>One appender at a time stores (under <c>_gate</c>); what it stores lies between <c>_end</c> and the oldest record's position one
/// lap later, so no record that anybody may read is touched.</item>
/// <item><c>_durableEnd</c> only grows, and is set only after a persist has returned that reached from a former value of it, or from the
/// oldest record, to the new one: so all before it is durable.</item>
/// <item>The oldest record's position grows in the header first, durably, then here, and only then is anything stored where it was: a crash
/// finds the new one, or the old one with all its records.</item>
/// <item>After a call of the memory has thrown, nothing is stored any more, and nothing becomes durable: what was half done is found out
/// by the next opening.</item>
/// </list>
/// Locks are taken in the order <c>_persisting</c>, <c>_gate</c>. Safe for any thread.
/// </summary>
internal sealed partial class LogEngine<TMemory>
    where TMemory : struct, ILogMemory
{
    /// <summary>
    /// How much of the area is given up at least when a ring needs room: a header is written then, so it should be seldom.
    /// </summary>
    private const int RingShare = 8;

    private readonly TMemory _memory;
    private readonly LogArea<TMemory> _area;
    private readonly Lock _gate = new();
    private readonly Lock _persisting = new();
    private LogHeader _header;
    private volatile LogTail _tail;
    private long _end;
    private long _next;
    private long _durableEnd;
    private long _durableSequence;
    private Exception? _failure;
    private volatile bool _isClosed;

    private LogEngine(TMemory memory, LogHeader header, long end, long next, LogRecovery recovery)
    {
        _memory = memory;
        _area = new LogArea<TMemory>(memory, header.Capacity);
        _header = header;
        _tail = header.Tail;
        _end = _durableEnd = end;
        _next = next;
        _durableSequence = next - 1;
        Recovery = recovery;
    }

    internal LogRecovery Recovery { get; }

    internal ulong Id => _header.Id;

    internal long Capacity => _area.Capacity;

    internal int Alignment => _header.Alignment;

    internal bool IsRing => _header.IsRing;

    internal int MaxRecordLength => (int)Math.Min(Capacity - RecordHead.Size, Array.MaxLength);

    internal LogTail Tail => _tail;

    internal long LastSequence => Volatile.Read(ref _next) - 1;

    internal long DurableSequence => Volatile.Read(ref _durableSequence);

    internal long FreeBytes => Capacity - (Volatile.Read(ref _end) - _tail.Position);

    internal Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>What a record takes, in bytes.</summary>
    internal static long SizeOf(int length, int alignment) => (RecordHead.Size + (long)length + alignment - 1) & -alignment;

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
        };
        header.StoreFirst(memory);
        return new LogEngine<TMemory>(
            memory, header, 0, 1, new LogRecovery { FirstSequence = 1, LastSequence = 0, StoppedAt = LogStop.End });
    }

    /// <summary>
    /// Finds what there is, and begins a new life. The three persists are an order:
    /// <list type="number">
    /// <item>the header's state that was found, since the next one goes to the other slot, which may have the only one that is durable:
    /// what a process that was killed has stored is seen, durable or not;</item>
    /// <item>the records that were found, before the header says that they were: from then on their absence is damage;</item>
    /// <item>the new life, before its first record.</item>
    /// </list>
    /// </summary>
    /// <param name="memory">Where the log is.</param>
    /// <param name="cutsDamage">Whether the records before damage are enough; otherwise it is an exception.</param>
    /// <param name="rewrites">Whether what may not be durable is stored once more, so that the kernel counts it as dirty.</param>
    /// <param name="id">The log that it has to be; null for any.</param>
    internal static LogEngine<TMemory> Open(TMemory memory, bool cutsDamage = false, bool rewrites = false, ulong? id = null)
    {
        LogHeader header = LogHeader.TryLoad(memory) ?? throw (LogHeader.IsAnywhere(memory)
            ? new PersistentLogException(LogError.Damaged, "the log's header cannot be read; both of its states are damaged")
            : new PersistentLogException(LogError.NotALog, "there is no log"));
        if (header.Capacity != LogHeader.CapacityIn(memory.Length))
        {
            throw new PersistentLogException(
                LogError.NotALog,
                $"the log that is there has an area of {header.Capacity} bytes, and in the range there is one of "
                    + $"{LogHeader.CapacityIn(memory.Length)}");
        }

        if (id is not null && id != header.Id)
        {
            throw new PersistentLogException(LogError.NotALog, "another log is there");
        }

        LogArea<TMemory> area = new(memory, header.Capacity);
        LogRecoveryWalk<TMemory> walk = new(header, area);
        walk.Run();
        LogRecovery recovery = new()
        {
            FirstSequence = header.Tail.Sequence,
            LastSequence = walk.Next - 1,
            Length = walk.End - header.Tail.Position,
            StoppedAt = walk.Stop,
        };
        if (walk.Stop == LogStop.Damage && !cutsDamage)
        {
            throw new PersistentLogException(LogError.Damaged, $"record {walk.Next} was durable and is not whole; {recovery}");
        }

        header.Store(memory); // The same words as are there.
        if (rewrites)
        {
            Rewrite(area, walk.Young, walk.End);
        }

        area.Persist(walk.Young, walk.End);

        // After damage the newest state may be the lost one, with a life of its own: one more is skipped.
        LogHeader next = header with
        {
            Generation = header.Generation + 1,
            Life = header.Life + (walk.Stop == LogStop.Damage ? 2UL : 1UL),
            LifeStart = walk.Next
        };
        next.Store(memory);
        return new LogEngine<TMemory>(memory, next, walk.End, walk.Next, recovery);
    }

    /// <summary>Stores a record and makes it durable, together with what others have stored before or meanwhile.</summary>
    /// <returns>Its number.</returns>
    internal long Append(ReadOnlySpan<byte> record)
    {
        long sequence, end;
        lock (_gate)
        {
            MakeRoom(SizeOf(record.Length, Alignment));
            sequence = StoreRecord(record);
            end = _end;
        }

        PersistTo(end, sequence);
        return sequence;
    }

    /// <summary>Stores records and makes them durable with one persist. There is room for all of them, or none is stored.</summary>
    /// <returns>The number of the last one.</returns>
    internal long AppendBatch(ReadOnlySpan<ReadOnlyMemory<byte>> records)
    {
        long size = 0;
        foreach (ReadOnlyMemory<byte> record in records)
        {
            size += SizeOf(record.Length, Alignment);
        }

        long sequence, end;
        lock (_gate)
        {
            MakeRoom(size);
            foreach (ReadOnlyMemory<byte> record in records)
            {
                StoreRecord(record.Span);
            }

            sequence = _next - 1;
            end = _end;
        }

        PersistTo(end, sequence);
        return sequence;
    }

    /// <summary>Stores a record at once, and makes it durable without holding a thread.</summary>
    internal async ValueTask<long> AppendAsync(ReadOnlyMemory<byte> record, CancellationToken cancellationToken)
    {
        long sequence, from, end;
        lock (_gate)
        {
            MakeRoom(SizeOf(record.Length, Alignment));
            sequence = StoreRecord(record.Span);
            end = _end;
            from = Math.Max(Volatile.Read(ref _durableEnd), _tail.Position);
        }

        try
        {
            if (from < end)
            {
                await _area.PersistAsync(from, end, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (Volatile.Read(ref _durableEnd) >= end)
            {
                return sequence; // Somebody else has made it durable: whoever closed the log, before it let the memory go.
            }

            Fail(exception);
            throw;
        }

        ThrowIfFailedBefore(end);
        Publish(end, sequence);
        return sequence;
    }

    /// <summary>Gives up the records before one.</summary>
    internal void Trim(long sequence)
    {
        lock (_gate)
        {
            ThrowIfUnusable();
            ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, DurableSequence + 1);
            (long position, long first) = _tail;
            if (first >= sequence)
            {
                return;
            }

            while (first < sequence)
            {
                position += SizeOfOld(position, first++);
            }

            MoveTail(position, first);
        }
    }

    /// <summary>Makes everything durable, and stores nothing any more. Whoever comes later is told.</summary>
    internal void Close()
    {
        lock (_persisting)
        {
            long end, sequence;
            lock (_gate)
            {
                _isClosed = true;
                end = _end;
                sequence = _next - 1;
            }

            PersistTo(end, sequence);
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

    /// <summary>
    /// The bytes, then what tells them apart from others, then the word that says that they are there. One persist later
    /// makes all of it durable.
    /// </summary>
    private long StoreRecord(ReadOnlySpan<byte> record)
    {
        long sequence = _next;
        ulong mark = RecordHead.MarkOf(_header.Life, followsDurable: Volatile.Read(ref _durableEnd) == _end);
        LogChecksum checksum = RecordHead.BeginChecksum(_header.Id, sequence, mark, record.Length);
        checksum.Add(record);
        try
        {
            if (record.Length > 0)
            {
                _area.Store(_end + RecordHead.Size, record);
            }

            _area.Store(_end + 16, mark);
            _area.Store(_end + 8, (ulong)sequence);
            _area.Store(_end, RecordHead.CommitOf(record.Length, checksum.Value));
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }

        Volatile.Write(ref _end, _end + SizeOf(record.Length, Alignment));
        Volatile.Write(ref _next, sequence + 1);
        return sequence;
    }

    private void MakeRoom(long size)
    {
        ThrowIfUnusable();
        (long position, long first) = _tail;
        long free = position + Capacity - _end;
        if (size <= free)
        {
            return;
        }

        if (!IsRing || size > Capacity)
        {
            throw new PersistentLogException(
                LogError.Full, $"{size} bytes are needed, and {(IsRing ? "there are" : "free are")} {(IsRing ? Capacity : free)}");
        }

        long wanted = Math.Max(size, Capacity / RingShare);
        while (position + Capacity - _end < wanted)
        {
            position += SizeOfOld(position, first++);
        }

        MoveTail(position, first);
    }

    /// <summary>What a record takes that is to be given up.</summary>
    private long SizeOfOld(long position, long sequence)
    {
        RecordHead head;
        try
        {
            head = RecordHead.Load(_area, position);
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }

        if (head.Sequence != sequence || head.Length < 0 || head.Length > MaxRecordLength)
        {
            PersistentLogException damaged = new(LogError.Damaged, $"record {sequence} was durable, and its head has changed");
            Fail(damaged);
            throw damaged;
        }

        return SizeOf(head.Length, Alignment);
    }

    private void MoveTail(long position, long sequence)
    {
        LogTail tail = new(position, sequence);
        LogHeader header = _header with { Generation = _header.Generation + 1, Tail = tail };
        try
        {
            header.Store(_memory);
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }

        _header = header;
        _tail = tail;
        Interlocked.MemoryBarrier(); // The tail first, then what is stored where it was: a reader that has read that sees the tail.
    }

    /// <summary>One at a time; whoever waits meanwhile finds its record durable, or persists all that have come together.</summary>
    private void PersistTo(long end, long sequence)
    {
        lock (_persisting)
        {
            long durable = Volatile.Read(ref _durableEnd);
            if (durable >= end)
            {
                return;
            }

            ThrowIfFailedBefore(end);
            if (Volatile.Read(ref _end) != end)
            {
                lock (_gate)
                {
                    (end, sequence) = (_end, _next - 1);
                }
            }

            try
            {
                _area.Persist(Math.Max(durable, _tail.Position), end);
            }
            catch (Exception exception)
            {
                Fail(exception);
                throw;
            }

            Publish(end, sequence);
        }
    }

    /// <summary>The number after the position: whoever is told a number finds its record.</summary>
    private void Publish(long end, long sequence)
    {
        Raise(ref _durableEnd, end);
        Raise(ref _durableSequence, sequence);
    }

    private static void Raise(ref long value, long to)
    {
        for (long was = Volatile.Read(ref value); was < to;)
        {
            long now = Interlocked.CompareExchange(ref value, to, was);
            if (now == was)
            {
                return;
            }

            was = now;
        }
    }

    private void Fail(Exception exception) => Interlocked.CompareExchange(ref _failure, exception, null);

    private void ThrowIfUnusable()
    {
        ThrowIfFailedBefore(long.MaxValue);
        if (_isClosed)
        {
            throw new PersistentLogException(LogError.Detached, "the log has let go of its region");
        }
    }

    private void ThrowIfFailedBefore(long end)
    {
        if (Failure is { } failure && Volatile.Read(ref _durableEnd) < end)
        {
            throw new PersistentLogException(
                LogError.Failed, "an append failed before, and what it left is found out by opening the log again", failure);
        }
    }
}
