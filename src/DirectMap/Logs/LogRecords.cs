using System.Buffers.Binary;

namespace DirectMap.Logs;

/// <summary>Reading records of a log that somebody else may be appending to, or that may be damaged: all of it is checked.</summary>
internal static class LogRecords
{
    /// <summary>
    /// Whether a head is that of a certain record, or of a mark that begins with its number, under a state of the header.
    /// </summary>
    internal static bool IsHeadOf(RecordHead head, LogHeader header, long sequence, long room) =>
        head.Sequence == sequence && head.Kind <= RecordHead.Gap && head.Length >= 0
        && RecordHead.SizeOf(head.Length, header.Alignment) <= room
        && (sequence < header.LifeStart ? head.Life < header.Life : head.Life == header.Life);

    /// <summary>Reads the record at a cursor, and checks it.</summary>
    /// <param name="area">Where it is.</param>
    /// <param name="header">The log's state.</param>
    /// <param name="cursor">Where it is, and its number; gets the bytes, and is not moved.</param>
    /// <param name="end">It reaches no further.</param>
    /// <param name="size">What it takes.</param>
    /// <param name="lost">How many records were lost there, of which it is the mark; 0 for a record.</param>
    /// <returns>Whether it is whole.</returns>
    internal static bool TryRead<TMemory>(
        LogArea<TMemory> area, LogHeader header, LogCursor cursor, long end, out long size, out long lost)
        where TMemory : struct, ILogMemory
    {
        (size, lost) = (0, 0);
        RecordHead head = RecordHead.Load(area, cursor.Position);
        return IsHeadOf(head, header, cursor.Sequence, end - cursor.Position)
            && TryReadWhole(area, header, cursor, head, out size, out lost);
    }

    /// <summary>Reads the bytes behind a head that may be a record's and has room before the end, and checks them.</summary>
    internal static bool TryReadWhole<TMemory>(
        LogArea<TMemory> area, LogHeader header, LogCursor cursor, RecordHead head, out long size, out long lost)
        where TMemory : struct, ILogMemory
    {
        (size, lost) = (0, 0);
        Span<byte> bytes = cursor.Reserve(head.CheckedLength);
        area.Load(cursor.Position + RecordHead.Size, bytes);
        LogChecksum checksum = RecordHead.BeginChecksum(header.Id, area.PlaceOf(cursor.Position), head.Sequence, head.Mark, head.Length);
        checksum.Add(bytes);
        if (checksum.Value != head.Checksum)
        {
            return false;
        }

        size = RecordHead.SizeOf(head.Length, header.Alignment);
        if (head.Kind == RecordHead.Gap)
        {
            lost = bytes.Length == sizeof(ulong) ? BinaryPrimitives.ReadInt64LittleEndian(bytes) : 1;
            return lost > 0;
        }

        return true;
    }
}
