using System.Buffers.Binary;

namespace DirectMap.Logs;

/// <summary>What is left in a place where records were lost: heads that say so, and whose length is that of the place.</summary>
internal static class LogGapMark
{
    /// <summary>
    /// As much as the longest record takes. A longer place gets several marks, and has lost at least as many records:
    /// each mark has a number.
    /// </summary>
    private const long MostSize = 1L << 31;

    /// <summary>Stores the marks; the caller persists the place.</summary>
    internal static void Store<TMemory>(LogArea<TMemory> area, LogHeader header, PersistentLogGap gap, FileRange place, uint life)
        where TMemory : struct, ILogMemory
    {
        long sequence = gap.FirstSequence;
        foreach (FileRange mark in MarksIn(place))
        {
            long count = mark.End == place.End ? gap.LastSequence - sequence + 1 : 1;
            StoreOne(area, header, new LogPosition(mark.Offset, sequence), (int)(mark.Length - RecordHead.Size), count, life);
            sequence += count;
        }
    }

    /// <summary>The positions of the words that the marks in a place consist of; the others there have no meaning.</summary>
    internal static IEnumerable<long> WordsIn(FileRange place)
    {
        foreach (FileRange mark in MarksIn(place))
        {
            long end = mark.Offset + Math.Min(mark.Length, RecordHead.Size + sizeof(ulong));
            for (long at = mark.Offset; at < end; at += sizeof(ulong))
            {
                yield return at;
            }
        }
    }

    private static IEnumerable<FileRange> MarksIn(FileRange place)
    {
        for (long at = place.Offset, size; at < place.End; at += size)
        {
            long rest = place.End - at;
            size = rest <= MostSize ? rest : MostSize - (rest - MostSize < RecordHead.Size ? LogHeader.AreaUnit : 0);
            yield return new FileRange(at, size);
        }
    }

    private static void StoreOne<TMemory>(
        LogArea<TMemory> area, LogHeader header, LogPosition at, int length, long count, uint life)
        where TMemory : struct, ILogMemory
    {
        ulong mark = RecordHead.MarkOf(life, RecordHead.UnknownDistance, RecordHead.Gap);
        LogChecksum checksum = RecordHead.BeginChecksum(header.Id, area.PlaceOf(at.Position), at.Sequence, mark, length);
        if (length >= sizeof(ulong))
        {
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, count);
            checksum.Add(bytes);
            area.Store(at.Position + RecordHead.Size, (ulong)count);
        }

        area.Store(at.Position + 16, mark);
        area.Store(at.Position + 8, (ulong)at.Sequence);
        area.Store(at.Position, RecordHead.CommitOf(length, checksum.Value));
    }
}
