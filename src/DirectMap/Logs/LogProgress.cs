namespace DirectMap.Logs;

/// <summary>
/// How far a log is durable, as its appender tells those who follow it, in the second eight words of the status page:
/// <list type="bullet">
/// <item>word 8, bits 0 to 31: the beat, another number after each change, on which followers sleep;</item>
/// <item>words 9 to 11, and again 12 to 14: where the durable records end, the number of the last one, and a checksum.</item>
/// </list>
/// <para>
/// The two places are stored in turn. So while one is being stored, and where an appender is killed in the midst of that, the other one
/// is whole. Of two whole ones the later end counts. The checksum covers the log's identity, its life and the appender's instance, too:
/// what is left of another opening, of another log or of a state that a power failure has taken back is never believed, and neither are
/// two halves of different tellings.
/// </para>
/// <para>
/// What is believed was durable when it was stored, and what is durable stays so. So it stays true when its appender has died.
/// </para>
/// </summary>
/// <param name="End">The position where the durable records end.</param>
/// <param name="Next">The number that is not durable yet.</param>
internal readonly record struct LogProgress(long End, long Next)
{
    /// <summary>Of the beat, in the log, in bytes; a multiple of 4.</summary>
    internal const long BeatOffset = LogStatusPage.Offset + (LogStatusPage.FollowersWords * sizeof(ulong));

    private const int Places = 2;
    private const long FirstPlace = BeatOffset + sizeof(ulong);
    private const long PlaceSize = 3 * sizeof(ulong);

    /// <summary>What the checksum of a telling begins with.</summary>
    internal static LogChecksum BeginChecksum(LogHeader header, ulong instance)
    {
        LogChecksum checksum = new();
        checksum.Add(header.Id);
        checksum.Add(header.Life);
        checksum.Add(instance);
        return checksum;
    }

    /// <summary>Stores it in one of the places.</summary>
    internal void Store<TMemory>(TMemory memory, uint turn, LogChecksum checksum)
        where TMemory : struct, ILogMemory
    {
        long place = FirstPlace + (turn % Places * PlaceSize);
        checksum.Add((ulong)End);
        checksum.Add((ulong)Next);
        memory.Store(place, (ulong)End);
        memory.Store(place + sizeof(ulong), (ulong)Next);
        memory.Store(place + (2 * sizeof(ulong)), checksum.Value);
    }

    /// <summary>The later one of those that are whole and an appender may have told; null where there is none.</summary>
    internal static LogProgress? TryLoad<TMemory>(TMemory memory, LogHeader header, ulong instance)
        where TMemory : struct, ILogMemory
    {
        LogProgress? latest = null;
        for (int i = 0; i < Places && instance != 0; i++)
        {
            long place = FirstPlace + (i * PlaceSize);
            LogProgress progress = new((long)memory.Load(place), (long)memory.Load(place + sizeof(ulong)));
            ulong stored = memory.Load(place + (2 * sizeof(ulong)));
            LogChecksum checksum = BeginChecksum(header, instance);
            checksum.Add((ulong)progress.End);
            checksum.Add((ulong)progress.Next);
            if (stored == checksum.Value && progress.IsSound(header) && !(progress.End <= latest?.End))
            {
                latest = progress;
            }
        }

        return latest;
    }

    /// <summary>A checksum that fits is no proof.</summary>
    private bool IsSound(LogHeader header) =>
        End >= header.Tail.Position && End <= header.Limit && End % header.Alignment == 0 && Next >= header.Tail.Sequence
        && Next - header.Tail.Sequence <= (End - header.Tail.Position) / sizeof(ulong);
}
