using System.Diagnostics;

namespace DirectMap.Logs;

/// <summary>
/// Comes near a record of some number without a walk over all that lie before it. There is no index in the file, and none is needed: a
/// record says which number it has, and its checksum covers its place. So a whole one that is met anywhere is the log's, whatever the bytes
/// of other records look like. A ring's record of a former lap may be met in its old place: its number is lower than all that are there.
/// Invariants:
/// <list type="number">
/// <item>The lower side is where a record begins that has the wanted number or one before it: the one that was known, or a whole one that
/// was met.</item>
/// <item>No more is looked at than the walk would: a step is a head, or 64 bytes that are checked. So the search and the walk that is left
/// take twice what the walk alone takes, at most, also where records are large, of very different sizes, or damaged.</item>
/// </list>
/// A log that is written meanwhile may be seen in parts. Who searches looks afterwards whether it was.
/// </summary>
internal sealed class LogSearch<TMemory>(LogArea<TMemory> area, LogHeader header)
    where TMemory : struct, ILogMemory
{
    /// <summary>What is so near is walked to.</summary>
    private const int Near = 64;

    private const int BytesInStep = 64;

    private readonly LogCursor _cursor = new();
    private long _steps;

    /// <param name="low">Where a record begins, of a number before the wanted one.</param>
    /// <param name="high">Where the records end, or one begins that has a higher number.</param>
    /// <param name="sequence">The wanted number.</param>
    /// <returns>Where a record begins that has the wanted number or one before it.</returns>
    internal LogPosition Approach(LogPosition low, LogPosition high, long sequence)
    {
        _steps = sequence - low.Sequence;
        for (bool halves = false; sequence - low.Sequence > Near && _steps > 0; halves = !halves, _steps--)
        {
            long guess = Guess(low, high, sequence, halves);
            if (TryMeet(guess, low, high) is not { } met)
            {
                high = high with { Position = guess };
            }
            else if (met.Sequence <= sequence)
            {
                low = met;
            }
            else
            {
                high = met;
            }

            Debug.Assert(low.Sequence <= sequence, "1: the lower side lies behind the wanted number");
            Debug.Assert(low.Position < high.Position, "1: the two sides have met");
        }

        return low;
    }

    /// <summary>
    /// A little before where the number is if all records have one size; every other time the middle, since sizes may be such that it
    /// never is there.
    /// </summary>
    private long Guess(LogPosition low, LogPosition high, long sequence, bool halves)
    {
        double share = halves ? 0.5 : (sequence - low.Sequence - (Near / 2)) / (double)(high.Sequence - low.Sequence);
        long ahead = (long)((high.Position - low.Position) * share) & -header.Alignment;
        return low.Position + Math.Max(ahead, header.Alignment);
    }

    /// <summary>The first record from a position on; null where there is none before the upper side, or the steps are used up.</summary>
    private LogPosition? TryMeet(long from, LogPosition low, LogPosition high)
    {
        for (long at = from; at <= high.Position - RecordHead.Size && _steps > 0; at += header.Alignment, _steps--)
        {
            long sequence = (long)area.Load(at + sizeof(ulong));
            if (sequence > low.Sequence && sequence < high.Sequence && IsWhole(at, sequence, high.Position - at))
            {
                return new LogPosition(at, sequence);
            }
        }

        return null;
    }

    private bool IsWhole(long position, long sequence, long room)
    {
        RecordHead head = RecordHead.Load(area, position);
        if (!LogRecords.IsHeadOf(head, header, sequence, room))
        {
            return false;
        }

        _steps -= head.CheckedLength / BytesInStep;
        _cursor.Position = position;
        return _steps > 0 && LogRecords.TryReadWhole(area, header, _cursor, head, out _, out _);
    }
}
