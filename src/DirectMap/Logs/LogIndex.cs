using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Logs;

/// <summary>
/// Where the records of some numbers lie, so that one can be found without a walk from the oldest one on. It has one record of so many;
/// when it gets long, every second entry goes and the distance doubles, so it has a bound. In memory only: an opening makes it anew.
/// Safe for any thread.
/// </summary>
internal sealed class LogIndex
{
    private const int MostEntries = 1 << 16;
    private const int FirstStride = 64;

    private readonly List<(long Sequence, long Position)> _entries = [];
    private Gate _gate;
    private long _stride = FirstStride;
    private long _wanted;

    /// <summary>Notes a record, if it is one of those that are noted. Numbers only grow.</summary>
    internal void Add(long sequence, long position)
    {
        if (sequence < Volatile.Read(ref _wanted))
        {
            return;
        }

        using (_gate.Enter())
        {
            if (sequence < _wanted)
            {
                return; // Another reader was faster.
            }

            if (_entries.Count == MostEntries)
            {
                Thin();
            }

            Debug.Assert(_entries.Count == 0 || sequence > _entries[^1].Sequence, "numbers grow");
            _entries.Add((sequence, position));
            Volatile.Write(ref _wanted, sequence + _stride);
        }
    }

    /// <summary>Forgets the numbers from one on.</summary>
    internal void CutFrom(long sequence)
    {
        using (_gate.Enter())
        {
            _entries.RemoveAll(entry => entry.Sequence >= sequence);
            _wanted = _entries.Count == 0 ? 0 : _entries[^1].Sequence + _stride;
        }
    }

    /// <summary>Forgets the numbers before one.</summary>
    internal void CutBefore(long sequence)
    {
        using (_gate.Enter())
        {
            _entries.RemoveRange(0, Find(sequence));
        }
    }

    /// <summary>The last noted record of a number, or of one before it; position -1 where there is none.</summary>
    internal (long Sequence, long Position) Before(long sequence)
    {
        using (_gate.Enter())
        {
            int at = Find(sequence + 1) - 1;
            return at < 0 ? (0, -1) : _entries[at];
        }
    }

    /// <summary>The first entry of a number that is not less.</summary>
    private int Find(long sequence)
    {
        (int from, int to) = (0, _entries.Count);
        while (from < to)
        {
            int middle = (from + to) / 2;
            if (_entries[middle].Sequence < sequence)
            {
                from = middle + 1;
            }
            else
            {
                to = middle;
            }
        }

        return from;
    }

    private void Thin()
    {
        int kept = 0;
        for (int i = 0; i < _entries.Count; i += 2)
        {
            _entries[kept++] = _entries[i];
        }

        _entries.RemoveRange(kept, _entries.Count - kept);
        _stride *= 2;
    }
}
