using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <content>The thread that reads, and what is lost.</content>
internal sealed partial class Witness
{
    /// <summary>How long the thread stays when no file is armed, in milliseconds: files are opened and closed in turn.</summary>
    private const int IdleTime = 100;

    /// <summary>
    /// How many reads in a row may bring something before the thread rests for a millisecond each time: who writes all the time must not
    /// cost a processor. What the kernel merges meanwhile is told once.
    /// </summary>
    private const int ReadsWithoutRest = 8;

    private readonly Dictionary<IChangeSource, Drained> _lost = []; // queues that have lost something; under the gate
    private FoundTrespasses _found = new(); // empty, to be filled under the gate
    private int _fanotifyMissing; // why there is none; under the setup lock
    private int _inotifyMissing;
    private bool _isReading; // under the setup lock

    /// <summary>Makes sure that there are sources, and a thread that reads them.</summary>
    /// <returns>0, or the error number.</returns>
    private int TryStart()
    {
        using (_setup.Enter())
        {
            bool isNew = Make(ref _fanotify, ProtectionEngine.Fanotify, ref _fanotifyMissing);
            if (_fanotify is null)
            {
                isNew |= Make(ref _inotify, ProtectionEngine.Inotify, ref _inotifyMissing);
            }

            if (_isReading)
            {
                if (isNew)
                {
                    Wake();
                }

                return 0;
            }

            int errno = _wake is null ? _system.TryMakeWake(out _wake) : 0;
            errno = errno == 0 ? _system.TryStart(Read) : errno;
            _isReading = errno == 0;
            if (errno != 0)
            {
                DropSources(); // Nobody would read them, and nothing is armed.
            }

            return errno;
        }
    }

    /// <summary>Makes the second source, for a file that the first cannot tell of.</summary>
    private void MakeInotify()
    {
        using (_setup.Enter())
        {
            if (Make(ref _inotify, ProtectionEngine.Inotify, ref _inotifyMissing))
            {
                Wake();
            }
        }
    }

    private bool Make(ref IChangeSource? source, ProtectionEngine engine, ref int missing)
    {
        if (source is not null)
        {
            return false;
        }

        IChangeSource? made = _system.TryMake(engine, _gate, out missing);
        using (_gate.Enter())
        {
            source = made;
        }

        return made is not null;
    }

    private void Wake()
    {
        if (Volatile.Read(ref _wake) is { } wake)
        {
            try
            {
                EventFd.Signal(wake);
            }
            catch (ObjectDisposedException)
            {
                // The thread has ended meanwhile: nothing is armed.
            }
        }
    }

    private void Read()
    {
        int brought = 0;
        while (true)
        {
            SafeFileHandle?[] queues;
            bool isIdle;
            using (_gate.Enter())
            {
                queues = [_wake, _fanotify?.Queue, _inotify?.Queue];
                isIdle = _armed == 0;
            }

            int ready = Poll.Wait(queues, isIdle ? IdleTime : -1);
            if (ready == 0 && isIdle && TryEnd())
            {
                return;
            }

            EventFd.Clear(queues[0]!);
            brought = Serve() ? brought + 1 : 0;
            if (brought > ReadsWithoutRest || ready < 0)
            {
                _ = Poll.Wait([], 1);
            }
        }
    }

    /// <returns>Whether there was anything.</returns>
    private bool Serve()
    {
        try
        {
            bool brought = ReadAll();
            Recover();
            return brought;
        }
        catch (Exception exception)
        {
            // No memory, say. It must not end the process, and what was read and not told is lost.
            UserCode.TraceFailure(exception);
            using (_gate.Enter())
            {
                foreach (IChangeSource source in new[] { _fanotify, _inotify }.OfType<IChangeSource>())
                {
                    _lost[source] = Drained.Failed;
                }
            }

            Wake();
            return true;
        }
    }

    /// <summary>Empties all queues, and tells what is found.</summary>
    /// <returns>Whether there was anything.</returns>
    internal bool ReadAll()
    {
        FoundTrespasses? found = null;
        FoundTrespasses? more = null;
        using (_gate.Enter())
        {
            Empty(_fanotify, ref found);
            Empty(_inotify, ref more);
        }

        found?.Tell();
        more?.Tell();
        return found is not null || more is not null;
    }

    /// <summary>Tells those whose changes may have gone unnoticed, and has them armed anew where the queue is gone.</summary>
    internal void Recover()
    {
        List<(WatchedFile File, string Why)> concerned = [];
        List<IChangeSource> gone = [];
        using (_setup.Enter())
        using (_gate.Enter())
        {
            foreach ((IChangeSource source, Drained how) in _lost)
            {
                if (!ReferenceEquals(source, _fanotify) && !ReferenceEquals(source, _inotify))
                {
                    continue; // It was given up before.
                }

                string why = how == Drained.Overflowed
                    ? $"the queue of {source.Engine} was full, and changes were not told"
                    : $"the queue of {source.Engine} cannot be read any more";
                concerned.AddRange(source.Files().Select(file => (file, why)));
                if (how == Drained.Failed)
                {
                    Abandon(source);
                    gone.Add(source);
                }
            }

            _lost.Clear();
        }

        if (gone.Count > 0)
        {
            gone.ForEach(static source => source.Dispose());
            Wake(); // It may wait for what is gone.
        }

        concerned.ForEach(static one => one.File.Listener.Lost(one.Why));
    }

    /// <summary>Nothing is armed by a source any more.</summary>
    private void Abandon(IChangeSource source)
    {
        foreach (WatchedFile file in source.Files())
        {
            if (ReferenceEquals(file.Source, source))
            {
                file.Source = null;
                _armed--;
            }

            source.Forget(file);
        }

        _fanotify = ReferenceEquals(source, _fanotify) ? null : _fanotify;
        _inotify = ReferenceEquals(source, _inotify) ? null : _inotify;
    }

    private bool TryEnd()
    {
        using (_setup.Enter())
        {
            using (_gate.Enter())
            {
                if (_armed > 0)
                {
                    return false;
                }
            }

            Debug.Assert(_isReading, "a thread ends that nobody knows");
            DropSources();
            _wake?.Dispose();
            _wake = null;
            _isReading = false;
            return true;
        }
    }

    /// <summary>Under the setup lock, while nothing is armed.</summary>
    private void DropSources()
    {
        IChangeSource?[] sources = [_fanotify, _inotify];
        using (_gate.Enter())
        {
            (_fanotify, _inotify) = (null, null);
            _lost.Clear();
        }

        foreach (IChangeSource? source in sources)
        {
            source?.Dispose();
        }
    }
}
