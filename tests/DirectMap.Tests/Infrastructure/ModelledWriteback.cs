using DirectMap.Durability;

namespace DirectMap.Tests.Infrastructure;

/// <summary>
/// A file and what the kernel does with its dirty pages, as far as failures are concerned. What failed is clean. It is told once to each
/// description: the file has a counter of failures (errseq), and a description has seen it up to a number. There is one with which all
/// sync, and another one. Where no block could be had the failure is returned to whoever happened to write, and noted nowhere. A page is a
/// piece of a large sync.
/// </summary>
/// <param name="pages">How many it has.</param>
/// <param name="seed">What fails, and where threads yield, comes from it.</param>
internal sealed class ModelledWriteback(int pages, int seed) : IWriteback
{
    internal const long Page = SteppedWriteback.Piece;

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly long[] _stored = new long[pages];
    private readonly long[] _durable = new long[pages];
    private readonly long[] _inFlight = new long[pages]; // what is being written; 0: nothing
    private readonly bool[] _dirty = new bool[pages];
    private int _error; // of the counter
    private long _errors;
    private long _seen;
    private long _seenApart;

    internal const int EIO = 5, ENOSPC = 28;

    internal void Store(int page, long value)
    {
        lock (_gate)
        {
            _stored[page] = value;
            _dirty[page] = true;
        }
    }

    internal bool IsDurable(int page, long value)
    {
        lock (_gate)
        {
            return _durable[page] >= value;
        }
    }

    public int TryBegin(FileRange range)
    {
        Dawdle();
        lock (_gate)
        {
            return Begin(range, mayReturn: true);
        }
    }

    public int TryAwait(FileRange range)
    {
        int told;
        lock (_gate)
        {
            Complete(range);
            told = CheckAndAdvance(ref _seen);
        }

        Dawdle();
        return told;
    }

    /// <summary>Whether the two descriptions are one, which they must not be.</summary>
    internal bool HasOneDescription { get; set; }

    public int TryAwaitApart(FileRange range)
    {
        int told;
        lock (_gate)
        {
            Complete(range);
            told = CheckAndAdvance(ref (HasOneDescription ? ref _seen : ref _seenApart));
        }

        Dawdle();
        return told;
    }

    /// <summary>As msync does: writes, waits, and is told.</summary>
    internal int Sync(FileRange range)
    {
        Dawdle();
        int begun;
        lock (_gate)
        {
            Complete(range); // What is being written already may be older than what was stored since.
            begun = Begin(range, mayReturn: true);
        }

        Dawdle();
        int awaited = TryAwait(range);
        return begun != 0 ? begun : awaited;
    }

    /// <summary>The kernel's own thread writes something back. What it is returned itself nobody would ever hear of.</summary>
    internal void Flusher()
    {
        lock (_gate)
        {
            int page = _random.Next(_dirty.Length);
            FileRange range = new(page * Page, Page);
            _ = Begin(range, mayReturn: false);
            Complete(range);
        }
    }

    private int Begin(FileRange range, bool mayReturn)
    {
        for (long page = range.Offset / Page; page < range.End / Page; page++)
        {
            if (!_dirty[page] || _inFlight[page] != 0)
            {
                continue;
            }

            _dirty[page] = false;
            if (mayReturn && _random.Next(200) == 0)
            {
                return ENOSPC; // Returned, and noted nowhere.
            }

            _inFlight[page] = _stored[page];
        }

        return 0;
    }

    private void Complete(FileRange range)
    {
        for (long page = range.Offset / Page; page < range.End / Page; page++)
        {
            if (_inFlight[page] == 0)
            {
                continue;
            }

            if (_random.Next(50) == 0)
            {
                (_error, _errors) = (EIO, _errors + 1);
            }
            else
            {
                _durable[page] = _inFlight[page];
            }

            _inFlight[page] = 0;
        }
    }

    private int CheckAndAdvance(ref long seen)
    {
        if (seen == _errors)
        {
            return 0;
        }

        seen = _errors;
        return _error;
    }

    private void Dawdle()
    {
        int turns;
        lock (_gate)
        {
            turns = _random.Next(4);
        }

        for (int i = 0; i < turns; i++)
        {
            Thread.Yield();
        }
    }
}
