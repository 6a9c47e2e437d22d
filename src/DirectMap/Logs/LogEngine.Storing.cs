using System.Diagnostics;

namespace DirectMap.Logs;

/// <content>What the leader stores and persists.</content>
internal sealed partial class LogEngine<TMemory> : ILogWriter
{
    /// <summary>
    /// How much of the area is given up at least when a ring needs room: a header is written then, so it should be seldom.
    /// </summary>
    private const int RingShare = 8;

    int ILogWriter.Alignment => Alignment;

    long ILogWriter.LastSequence => LastSequence;

    void ILogWriter.MakeRoom(long size) => MakeRoom(size);

    long ILogWriter.StoreRecord(ReadOnlySpan<byte> record) => StoreRecord(record);

    void ILogWriter.Trim(long sequence)
    {
        ThrowIfFailed();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, DurableSequence + 1);
        (long position, long first) = _tail;
        if (first >= sequence)
        {
            return;
        }

        while (first < sequence)
        {
            (position, first) = AfterOld(position, first);
        }

        Store(_header with { Tail = new LogTail(position, first) });
    }

    /// <summary>
    /// The bytes, then what tells them apart from others, then the word that says that they are there. One persist later makes all of it
    /// durable.
    /// </summary>
    private long StoreRecord(ReadOnlySpan<byte> record)
    {
        long sequence = _next;
        ulong mark = RecordHead.MarkOf(_header.Life, sequence - 1 - _durableSequence);
        LogChecksum checksum = RecordHead.BeginChecksum(_header.Id, _area.PlaceOf(_end), sequence, mark, record.Length);
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

        _index.Add(sequence, _end);
        Volatile.Write(ref _end, _end + RecordHead.SizeOf(record.Length, Alignment));
        Volatile.Write(ref _next, sequence + 1);
        return sequence;
    }

    /// <summary>Sees to it that so many bytes fit before the oldest record, and lie within the bound.</summary>
    private void MakeRoom(long size)
    {
        ThrowIfFailed();
        LogTail tail = size <= _header.Limit - _end ? _tail : RingTailFor(size);
        if (_end + size <= _header.Bound && tail == _tail)
        {
            return;
        }

        LogHeader next = _header with { Tail = tail };
        Store(next with { Bound = Math.Max(_header.Bound, next.BoundFor(_end + size)) });
    }

    private LogTail RingTailFor(long size)
    {
        (long position, long first) = _tail;
        if (!IsRing || size > Capacity)
        {
            long free = _header.Limit - _end;
            throw new PersistentLogException(
                PersistentLogError.Full,
                _memory.Place,
                $"{size} bytes are needed, and {(IsRing ? "there are" : "free are")} {(IsRing ? Capacity : free)}",
                size > Capacity
                    ? $"append less at once, or make a longer log: this one has {Capacity} bytes for records, and they have what stands "
                        + "before each, too"
                    : null);
        }

        long wanted = Math.Max(size, Capacity / RingShare);
        while (position + Capacity - _end < wanted)
        {
            if (first > _durableSequence)
            {
                PersistStored(); // What is given up was durable before; so the header never says more than the records do.
            }

            (position, first) = AfterOld(position, first);
        }

        return new LogTail(position, first);
    }

    /// <summary>What comes after a record that is to be given up.</summary>
    private (long Position, long Sequence) AfterOld(long position, long sequence)
    {
        RecordHead head;
        long numbers;
        try
        {
            head = RecordHead.Load(_area, position);
            numbers = head.NumbersIn(_area, position);
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }

        if (head.Sequence != sequence || head.Length < 0 || head.Length > MaxRecordLength || head.Kind > RecordHead.Gap || numbers <= 0)
        {
            PersistentLogException damaged = new(
                PersistentLogError.Damaged, _memory.Place, $"record {sequence} was durable, and its head has changed");
            Fail(damaged);
            throw damaged;
        }

        return (position + RecordHead.SizeOf(head.Length, Alignment), sequence + numbers);
    }

    /// <summary>Makes a state of the header durable, and then the log's.</summary>
    private void Store(LogHeader next)
    {
        LogHeader header = next with { Generation = _header.Generation + 1 };
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
        if (header.Tail != _tail)
        {
            Debug.Assert(
                header.Tail.Position >= _tail.Position && header.Tail.Sequence >= _tail.Sequence,
                "3: the oldest record's position goes back");
            _tail = header.Tail;
            Interlocked.MemoryBarrier(); // The tail first, then what is stored where it was: a reader that has read that sees the tail.
            _index.CutBefore(header.Tail.Sequence);
        }
    }

    /// <summary>
    /// Makes durable what is stored, and says so: the number after the position, so whoever is told a number finds its record.
    /// </summary>
    private void PersistStored()
    {
        long from = Math.Max(_durableEnd, _tail.Position);
        if (from == _end)
        {
            return;
        }

        ThrowIfFailed();
        try
        {
            _area.Persist(from, _end);
        }
        catch (Exception exception)
        {
            Fail(exception);
            throw;
        }

        Debug.Assert(_durableEnd <= _end && _durableSequence < _next, "what is durable goes back");
        Debug.Assert(_end <= _header.Bound && _tail.Position <= _end, "records reach beyond the bound, or end before the oldest one");
        Volatile.Write(ref _durableEnd, _end);
        Volatile.Write(ref _durableSequence, _next - 1);
        Publish();
    }
}
