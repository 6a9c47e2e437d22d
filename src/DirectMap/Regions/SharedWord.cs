using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Threading;

namespace DirectMap.Regions;

/// <summary>
/// A word of 4 bytes of a region's file on which threads of any process that maps the file sleep until it changes. It has a page of its own
/// for that, mapped for reading only: through a writable mapping each sleep and each wake would make the page dirty. Nobody loads or stores
/// through it, so it may outlive the region, and be there while others change the file.
/// <para>
/// Whoever changes the word must wake those who sleep, which is a system call; so he asks first whether there are any, and to ask
/// other processes is a system call, too. Invariants, by which no wake is lost:
/// </para>
/// <list type="number">
/// <item>A sleeper is entered (<see cref="Listen"/>) before it reads the word, and sleeps only while the word is what it has read.</item>
/// <item>The word is changed before it is asked who is entered. The answer is believed until the tick of the system's coarse clock ends in
/// which it was asked for, which is 10 ms at most (CONFIG_HZ of 100 or more). So a change that wakes nobody though a sleeper is entered
/// was made within one tick of its entering.</item>
/// <item>For <see cref="s_fresh"/> after it was entered, which is several ticks, a sleeper looks again at least every millisecond.</item>
/// <item>Every sleep has a bound. One whom nobody can be told of (no locks) looks again every millisecond always.</item>
/// </list>
/// <para>On the portable backing there is no such sleep: within the process sleepers are woken, and all look again every
/// <see cref="s_look"/>, since other processes cannot wake them.</para>
/// </summary>
internal sealed unsafe partial class SharedWord : IDisposable
{
    /// <summary>How long those who ask seldom may not know of a new sleeper, and more.</summary>
    private static readonly TimeSpan s_fresh = TimeSpan.FromMilliseconds(60);

    private static readonly TimeSpan s_freshLook = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(10);

    private readonly InodeReference _file;
    private readonly long _offset;
    private readonly MappedPages? _pages;
    private readonly nint _inPage;
    private readonly UninterruptedLock _gate = new();
    private bool _isDisposed;
    private bool _isListening;
    private bool _isUnheard; // others cannot be told that it listens
    private long _freshUntil;
    private volatile bool _cannotSleep;
    private long _askedAt = -1;
    private bool _isHeard;

    private SharedWord(InodeReference file, long offset, MappedPages? pages)
    {
        _file = file;
        _offset = offset;
        _pages = pages;
        _inPage = (nint)(offset % Environment.SystemPageSize);
    }

    /// <summary>Takes over a reference to the file.</summary>
    /// <param name="file">The reference.</param>
    /// <param name="offset">The word's first byte in the file; a multiple of 4.</param>
    internal static SharedWord Open(InodeReference file, long offset)
    {
        MappedPages? pages = null;
        nuint page = (nuint)Environment.SystemPageSize;
        if (file.Inode.Backing.Kind == FileBackingKind.Linux
            && Mmap.TryMapFile(
                null, page, writable: false, isSync: false, file.File.Handle, Rounding.PageDown(offset), out MappedPages mapped) == 0)
        {
            pages = mapped;
        }

        return new SharedWord(file, offset, pages);
    }

    /// <summary>Enters who will sleep, once; until this is disposed.</summary>
    internal void Listen()
    {
        using (_gate.Enter())
        {
            if (_isListening || _isDisposed)
            {
                return;
            }

            _isUnheard = _file.Inode.Listeners.Add(_file.File, _offset) != 0;
            _freshUntil = Environment.TickCount64 + (long)s_fresh.TotalMilliseconds;
            Volatile.Write(ref _isListening, true);
        }
    }

    /// <summary>Sleeps until it is woken, unless the word is another one already, and no longer than a bound.</summary>
    /// <param name="expected">What was read.</param>
    /// <param name="bound">0 or more.</param>
    internal void Sleep(uint expected, TimeSpan bound)
    {
        TimeSpan look = _isUnheard || Environment.TickCount64 < _freshUntil ? s_freshLook : bound;
        bound = look < bound ? look : bound;
        AssertIsEntered();
        AssertLooksAgain(bound);
        bool isHeld = false;
        try
        {
            if (_pages is not null && !_cannotSleep)
            {
                _pages.DangerousAddRef(ref isHeld);

                // In bounds: a word in its page. Alive: as long as it is held.
                _cannotSleep = Futex.TryWait((uint*)(_pages.Start + _inPage), expected, bound, out _) != 0;
                return;
            }
        }
        finally
        {
            if (isHeld)
            {
                _pages!.DangerousRelease();
            }
        }

        object signal = _file.Inode.Listeners.Signal;
        lock (signal)
        {
            _ = Monitor.Wait(signal, bound < s_look ? bound : s_look);
        }
    }

    /// <summary>The word was changed: wakes those who sleep, if there are any. One thread at a time.</summary>
    internal void Changed()
    {
        long now = Environment.TickCount64;
        AssertIsOfTick(now);
        if (now != _askedAt)
        {
            Interlocked.MemoryBarrier(); // The change first, then the question.
            _isHeard = _file.Inode.Listeners.Any(_offset)
                || _file.File.IsLockedByOther(new FileRange(_offset, 1)) != false;
            _askedAt = now;
        }

        if (_isHeard)
        {
            Wake();
        }
    }

    /// <summary>Wakes all who sleep on the word, in every process. They look, and sleep on where nothing is new for them.</summary>
    internal void Wake()
    {
        if (_pages is null || _cannotSleep)
        {
            Uninterrupted.Run(_file.Inode.Listeners.Signal, static signal =>
            {
                lock (signal)
                {
                    Monitor.PulseAll(signal);
                }
            });
            return;
        }

        bool isHeld = false;
        try
        {
            _pages.DangerousAddRef(ref isHeld);
            _ = Futex.TryWake((uint*)(_pages.Start + _inPage), int.MaxValue, out _); // In bounds and alive, as above.
        }
        catch (ObjectDisposedException)
        {
            // Whoever slept through it is gone.
        }
        finally
        {
            if (isHeld)
            {
                _pages.DangerousRelease();
            }
        }
    }

    /// <summary>Leaves. Who sleeps meanwhile sleeps no longer than he would.</summary>
    public void Dispose()
    {
        using (_gate.Enter())
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            if (_isListening)
            {
                _file.Inode.Listeners.Remove(_file.File, _offset);
            }
        }

        _pages?.Dispose();
        _file.Dispose();
    }
}
