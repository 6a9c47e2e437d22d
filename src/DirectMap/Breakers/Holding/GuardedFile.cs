using System.Diagnostics;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// One inode that other processes' operations are held on: who holds which bytes, what waits, and what was let go and may not have ended.
/// It asks nobody anything, and waits for nobody. Invariants, under its gate:
/// <list type="number">
/// <item>Whoever touches bytes that are held is let go at once only if he is proven harmless. Else he waits, and is answered once.</item>
/// <item>Whoever is let go, and not proven harmless, is in the list of what goes on, from before he is answered. Who holds bytes after
/// that finds him there. Who holds them before is asked. So a change and a hold never miss each other, whatever their order.</item>
/// <item>What goes on is struck off by evidence only: the thread's next event, where that is of another call, its change seen
/// done, or <see cref="CallEnd"/>.</item>
/// <item>From a proof that nobody else has the file open for writing until somebody opens it so, nobody can map it writable. After that
/// everybody is asked what he does, so that no writable mapping is made unseen.</item>
/// <item>There are never more that wait than <see cref="MostWaiting"/>.</item>
/// </list>
/// </summary>
internal sealed class GuardedFile(InodeKey key, FileTraits traits, IHoldingClient client)
{
    /// <summary>How many may wait for one file: each takes a descriptor and a thread.</summary>
    internal const int MostWaiting = 256;

    private readonly UninterruptedLock _gate = new();
    private readonly List<FileRange> _holds = [];
    private readonly Dictionary<int, GoingOn> _goingOn = []; // by thread
    private int _wholes; // holds on all bytes
    private readonly HashSet<HeldCall> _waiting = [];
    private long _number;
    private bool _isReleased;
    private int _sweepAt = 256;
    private bool _hasWriters = true; // may have been opened for writing since the last proof

    internal InodeKey Key => key;

    internal FileTraits Traits => traits;

    /// <summary>Which group holds it; null before one does.</summary>
    internal HoldingGroup? Group { get; set; }

    internal IHoldingClient Client => client;

    /// <summary>
    /// By what descriptor the observer can watch the file; null where it cannot. Under the observer's gate, as what follows.
    /// </summary>
    internal SafeFileHandle? Observed { get; set; }

    /// <summary>What the observer knows the file by; null where it has not been asked yet.</summary>
    internal string? ObservableAs { get; set; }

    /// <summary>Whether the observer watches it.</summary>
    internal bool IsObserved { get; set; }

    /// <summary>How many wait for the end of a change.</summary>
    internal int Watches { get; set; }

    /// <summary>Whoever touches the bytes from now on is asked what he does.</summary>
    internal void Hold(FileRange range)
    {
        using (_gate.Enter())
        {
            _holds.Add(range);
            _wholes += range == FileRange.Whole ? 1 : 0;
        }
    }

    internal void LetGo(FileRange range)
    {
        using (_gate.Enter())
        {
            bool wasHeld = _holds.Remove(range);
            Debug.Assert(wasHeld, "bytes are let go more often than held");
            _wholes -= range == FileRange.Whole ? 1 : 0;
        }
    }

    /// <summary>Whether somebody may have opened the file for writing since it was proven that nobody has.</summary>
    internal bool HasWriters => Volatile.Read(ref _hasWriters);

    /// <summary>Whether any bytes are held.</summary>
    internal bool IsHeld
    {
        get
        {
            using (_gate.Enter())
            {
                return _holds.Count > 0;
            }
        }
    }

    /// <summary>Before a proof that nobody has it open for writing: who opens it from now on counts.</summary>
    internal void BeginProof() => SetWriters(false);

    /// <summary>Somebody opens it for writing, or a proof has failed.</summary>
    internal void SetHasWriters() => SetWriters(true);

    /// <summary>A thread asks. It may go on where nothing that it can touch is held, and it can have made no writable mapping.</summary>
    /// <param name="asked">What it asks for; whether the end is held is found here.</param>
    /// <param name="ended">What the thread was let go for before, which has ended unless this is one more event of the same call; null for
    /// nothing that somebody waits for.</param>
    /// <returns>Whether it may.</returns>
    internal bool TryPass(ref AskedAccess asked, out HeldCall? ended)
    {
        using (_gate.Enter())
        {
            ended = _goingOn.TryGetValue(asked.Thread, out GoingOn before) ? before.Call : null;
            bool isEndHeld = _wholes > 0 || IsHeldUnsynchronized(asked.BeyondEnd);
            if (asked.IsOpening || _hasWriters || isEndHeld || IsHeldUnsynchronized(asked.MostRange))
            {
                asked = asked with { IsEndHeld = isEndHeld, HasWriters = _hasWriters };
                if (ended is not null)
                {
                    _ = _goingOn.Remove(asked.Thread); // It is put back where it turns out to be the same call.
                }

                return false;
            }

            GoOnUnsynchronized(asked.Thread, asked.MostRange, null);
            return true;
        }
    }

    /// <summary>What it does is known by now, and is not harmless.</summary>
    /// <param name="call">What he does.</param>
    /// <returns>Whether he may go on, has to wait, or is one too many.</returns>
    internal Arrival Arrive(HeldCall call)
    {
        using (_gate.Enter())
        {
            if (!IsHeldUnsynchronized(call.Range))
            {
                GoOnUnsynchronized(call.Thread, call.MostRange, null);
                return Arrival.Passes;
            }

            if (_waiting.Count >= MostWaiting)
            {
                return Arrival.TooMany;
            }

            _ = _waiting.Add(call);
            return Arrival.Waits;
        }
    }

    /// <summary>Who waited is going to be let go.</summary>
    /// <returns>False: nobody holds the file any more, so nobody hears of the end.</returns>
    internal bool GoOn(HeldCall call)
    {
        using (_gate.Enter())
        {
            if (!_isReleased)
            {
                GoOnUnsynchronized(call.Thread, call.MostRange, call);
            }

            return !_isReleased;
        }
    }

    /// <summary>
    /// Nobody holds the file any more, so the threads' next events are somebody else's. Who holds it next proves first that no other
    /// process has it open. A call that still goes on is in the way of that, but for a truncation by path, which opens nothing.
    /// </summary>
    /// <returns>What was let go, and is not waited for any more.</returns>
    internal List<HeldCall> Release()
    {
        using (_gate.Enter())
        {
            _isReleased = true;
            List<HeldCall> calls = [.. _goingOn.Values.Select(static one => one.Call).OfType<HeldCall>()];
            _goingOn.Clear();
            return calls;
        }
    }

    /// <summary>Who waited was answered, in whatever way.</summary>
    internal void Answered(HeldCall call)
    {
        using (_gate.Enter())
        {
            bool waited = _waiting.Remove(call);
            Debug.Assert(waited, "1: somebody is answered twice");
        }
    }

    /// <summary>A thread has changed the file, and whoever was answered before was seen to.</summary>
    /// <returns>What it was let go for; null for nothing that is known.</returns>
    internal HeldCall? Changed(int thread)
    {
        using (_gate.Enter())
        {
            if (_goingOn.TryGetValue(thread, out GoingOn one) && one.Call is { } call)
            {
                _ = _goingOn.Remove(thread);
                return call;
            }

            return null;
        }
    }

    /// <summary>There is evidence that what a thread was let go for has ended.</summary>
    internal void Ended(GoingOn one)
    {
        using (_gate.Enter())
        {
            if (_goingOn.TryGetValue(one.Thread, out GoingOn there) && there.Number == one.Number)
            {
                _ = _goingOn.Remove(one.Thread);
            }
        }
    }

    /// <summary>Strikes off what a call was let go for, unless that thread is in another one by now.</summary>
    internal void Ended(HeldCall call)
    {
        using (_gate.Enter())
        {
            if (_goingOn.TryGetValue(call.Thread, out GoingOn there) && ReferenceEquals(there.Call, call))
            {
                _ = _goingOn.Remove(call.Thread);
            }
        }
    }

    /// <summary>What goes on and touches the bytes. Nothing is made where there is none.</summary>
    internal List<GoingOn>? GoingOnIn(FileRange range)
    {
        List<GoingOn>? found = null;
        using (_gate.Enter())
        {
            foreach (GoingOn one in _goingOn.Values)
            {
                if (one.Range.Overlaps(range))
                {
                    (found ??= []).Add(one);
                }
            }
        }

        return found;
    }

    /// <summary>Whether it is still in the list.</summary>
    internal bool GoesOn(GoingOn one)
    {
        using (_gate.Enter())
        {
            return _goingOn.TryGetValue(one.Thread, out GoingOn there) && there.Number == one.Number;
        }
    }

    /// <summary>Who waits now.</summary>
    internal HeldCall[] Waiting()
    {
        using (_gate.Enter())
        {
            return [.. _waiting];
        }
    }

    private void SetWriters(bool hasWriters)
    {
        using (_gate.Enter())
        {
            _hasWriters = hasWriters;
        }
    }

    private static FileRange HullOf(FileRange one, FileRange other)
    {
        if (one.Length == 0 || other.Length == 0)
        {
            return one.Length == 0 ? other : one;
        }

        long start = Math.Min(one.Offset, other.Offset);
        return new FileRange(start, Math.Max(one.End, other.End) - start);
    }

    private bool IsHeldUnsynchronized(FileRange range)
    {
        if (_wholes > 0 && range.Length > 0)
        {
            return true;
        }

        foreach (FileRange held in _holds)
        {
            if (held.Overlaps(range))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>One call may raise several events, for other bytes each: so what a thread is in the list for is joined.</summary>
    private void GoOnUnsynchronized(int thread, FileRange range, HeldCall? call)
    {
        range = _goingOn.TryGetValue(thread, out GoingOn before) ? HullOf(before.Range, range) : range;
        _goingOn[thread] = new GoingOn(thread, range, ++_number, call);
        if (_goingOn.Count >= _sweepAt)
        {
            // Threads that have ended leave something behind. Who is asked for by /proc is one of twice as many each time.
            foreach (GoingOn one in _goingOn.Values)
            {
                if (one.Call is null && one.Thread != thread && Linux.ProcThread.IsGone(one.Thread))
                {
                    _ = _goingOn.Remove(one.Thread);
                }
            }

            _sweepAt = Math.Max(256, 2 * _goingOn.Count);
        }
    }
}
