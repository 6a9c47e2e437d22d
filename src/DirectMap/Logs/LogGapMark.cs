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
    internal static void Store<TMemory>(LogArea<TMemory> area, LogHeader header, LogGap gap, FileRange place, uint life)
        where TMemory : struct, ILogMemory
    {
        long sequence = gap.FirstSequence;
        for (long at = place.Offset; at < place.End;)
        {
            long rest = place.End - at;
            long size = rest <= MostSize ? rest : MostSize - (rest - MostSize < RecordHead.Size ? LogHeader.AreaUnit : 0);
            bool isLast = at + size == place.End;
            long count = isLast ? gap.LastSequence - sequence + 1 : 1;
            StoreOne(area, header, new LogPosition(at, sequence), (int)(size - RecordHead.Size), count, life);
            sequence += count;
            at += size;
        }
    }

    private static void StoreOne<TMemory>(
        LogArea<TMemory> area, LogHeader header, LogPosition at, int length, long count, uint life)
        where TMemory : struct, ILogMemory
    {
        ulong mark = RecordHead.MarkOf(life, RecordHead.UnknownDistance, RecordHead.Gap);
        LogChecksum checksum = RecordHead.BeginChecksum(header.Id, at.Sequence, mark, length);
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
