using System.Buffers.Binary;

namespace DirectMap.Logs;

/// <content>Reading, which takes no lock.</content>
internal sealed partial class LogEngine<TMemory>
{
    /// <summary>
    /// Reads the record at a cursor, and moves it on. What is read may be overwritten meanwhile; so the oldest record's position is looked
    /// at afterwards, and nothing is believed that lies before it. (It grows before anything is stored there.)
    /// </summary>
    /// <returns>Whether there was one.</returns>
    internal bool TryRead(LogCursor cursor, bool withUndurable)
    {
        ThrowIfOvertaken(cursor);
        long end = withUndurable ? Volatile.Read(ref _end) : Volatile.Read(ref _durableEnd);
        if (cursor.Position >= end)
        {
            return cursor.Position == end || withUndurable || cursor.Position <= Volatile.Read(ref _end)
                ? false
                : throw new PersistentLogException(
                    PersistentLogError.Damaged,
                    _memory.Place,
                    $"record {cursor.Sequence} is not there any more: it was read before it was durable",
                    "read anew, from a record that is there");
        }

        RecordHead head = RecordHead.Load(_area, cursor.Position);
        bool isWhole = IsWhole(head, cursor, end, out long lost);
        Volatile.ReadBarrier();
        ThrowIfOvertaken(cursor);
        if (!isWhole)
        {
            throw new PersistentLogException(
                PersistentLogError.Damaged, _memory.Place, $"record {cursor.Sequence} was durable and is not whole");
        }

        cursor.Position += RecordHead.SizeOf(head.Length, Alignment);
        if (lost > 0)
        {
            PersistentLogGap gap = new(cursor.Sequence, cursor.Sequence + lost - 1);
            cursor.Sequence += lost;
            throw new PersistentLogException(
                PersistentLogError.Damaged, _memory.Place, $"{gap}: durable and lost", "the next read goes on behind them")
            {
                Missed = lost
            };
        }

        cursor.Record = cursor.Sequence++;
        return true;
    }

    /// <summary>Reads a record's bytes and checks them.</summary>
    /// <param name="head">What stands before them.</param>
    /// <param name="cursor">Where it is; gets the bytes.</param>
    /// <param name="end">Where the records end.</param>
    /// <param name="lost">How many records were lost there; 0 for a record.</param>
    private bool IsWhole(RecordHead head, LogCursor cursor, long end, out long lost)
    {
        lost = 0;
        long room = end - cursor.Position;
        if (head.Sequence != cursor.Sequence || head.Length < 0 || RecordHead.SizeOf(head.Length, Alignment) > room
            || head.Kind > RecordHead.Gap)
        {
            return false;
        }

        Span<byte> bytes = cursor.Reserve(head.CheckedLength);
        _area.Load(cursor.Position + RecordHead.Size, bytes);
        LogChecksum checksum = RecordHead.BeginChecksum(Id, _area.PlaceOf(cursor.Position), head.Sequence, head.Mark, head.Length);
        checksum.Add(bytes);
        lost = head.Kind == RecordHead.Gap
            ? Math.Max(1, bytes.Length == sizeof(ulong) ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 1)
            : 0;
        return checksum.Value == head.Checksum;
    }

    /// <summary>
    /// Moves a cursor to a record, or to where the next one will be: head by head from a record that the index knows, from the oldest one
    /// or from where the cursor is. The first read says so where the record was given up, before or meanwhile.
    /// </summary>
    /// <param name="cursor">What is moved.</param>
    /// <param name="from">The record's number; null for the oldest one's.</param>
    internal void Seek(LogCursor cursor, long? from)
    {
        if (from is not { } sequence)
        {
            (cursor.Position, cursor.Sequence) = _tail;
            return;
        }

        MoveNear(cursor, sequence);
        while (cursor.Sequence < sequence && cursor.Position < Volatile.Read(ref _end))
        {
            RecordHead head = RecordHead.Load(_area, cursor.Position);
            long numbers = head.NumbersIn(_area, cursor.Position);
            Volatile.ReadBarrier();
            if (cursor.Position < _tail.Position)
            {
                MoveNear(cursor, sequence);
                continue;
            }

            if (head.Sequence != cursor.Sequence || head.Length < 0 || head.Length > MaxRecordLength || numbers <= 0)
            {
                throw new PersistentLogException(
                    PersistentLogError.Damaged, _memory.Place, $"record {cursor.Sequence} was durable, and its head has changed");
            }

            if (cursor.Sequence + numbers > sequence)
            {
                return; // It is among those that were lost there, which reading says.
            }

            cursor.Position += RecordHead.SizeOf(head.Length, Alignment);
            cursor.Sequence += numbers;
        }
    }

    private void MoveNear(LogCursor cursor, long sequence)
    {
        LogTail tail = _tail;
        if (tail.Sequence > sequence)
        {
            (cursor.Position, cursor.Sequence) = (0, sequence); // Before the oldest one, so the next read says what is missed.
            return;
        }

        (long Sequence, long Position) near = _index.Before(sequence);
        if (near.Position < tail.Position)
        {
            near = (tail.Sequence, tail.Position);
        }

        bool isNearer = cursor.Position >= tail.Position && cursor.Sequence > near.Sequence && cursor.Sequence <= sequence;
        if (!isNearer)
        {
            (cursor.Sequence, cursor.Position) = near;
        }
    }

    private void ThrowIfOvertaken(LogCursor cursor)
    {
        LogTail tail = _tail;
        if (cursor.Position < tail.Position)
        {
            long missed = tail.Sequence - cursor.Sequence;
            string message = $"records {cursor.Sequence} to {tail.Sequence - 1} were given up before they were read";
            (cursor.Position, cursor.Sequence) = (tail.Position, tail.Sequence);
            throw new PersistentLogException(PersistentLogError.Overtaken, _memory.Place, message) { Missed = missed };
        }
    }
}

/// <summary>Where a reader is, and what it has read. One thread at a time.</summary>
internal sealed class LogCursor
{
    private byte[] _buffer = [];
    private int _length;

    internal long Position { get; set; }

    internal long Sequence { get; set; }

    /// <summary>
    /// The number of the record that was read last; 0 when none was, or when another read has been at work in its bytes and failed.
    /// </summary>
    internal long Record { get; set; }

    /// <summary>The record that was read last.</summary>
    internal ReadOnlyMemory<byte> Bytes => Record == 0 ? default : _buffer.AsMemory(0, _length);

    internal Span<byte> Reserve(int length)
    {
        if (_buffer.Length < length)
        {
            _buffer = new byte[Math.Min(Math.Max((long)length, 2L * _buffer.Length), Array.MaxLength)];
        }

        (_length, Record) = (length, 0);
        return _buffer.AsSpan(0, length);
    }
}
