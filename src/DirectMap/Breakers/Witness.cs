using System.Diagnostics;
using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// Notices changes of files afterwards, whatever process makes them: one for a process and any number of files, with one thread and one
/// queue of each kind, and none while no file is armed. Safe for any thread. Invariants:
/// <list type="number">
/// <item>After each change by another process, while the file is armed and held, at least one trespass is told that is found after it.
/// A change waits in the queue until it is read, and all that is read is judged.</item>
/// <item>An operation of the library is told as nobody's trespass, and hides no change that came before or after it
/// (<see cref="WatchedFile"/>). For that the queue is emptied, and what is in flight counted, under one gate.</item>
/// <item>Where a change may have gone unnoticed, each file concerned is told: its level drops before it is watched again.</item>
/// <item>Under the gate nothing is asked of a file system, and nobody is told: queues are read, which does not block.</item>
/// <item>What arms or disarms one file has that file's own lock. So a file system that does not answer holds up nobody else.</item>
/// </list>
/// </summary>
internal sealed partial class Witness
{
    private readonly UninterruptedLock _gate = new();
    private readonly UninterruptedLock _setup = new(); // taken before the gate
    private readonly IWitnessSystem _system;
    private IChangeSource? _fanotify; // both written under both locks
    private IChangeSource? _inotify;
    private SafeFileHandle? _wake;
    private int _armed; // files that are armed, or are being armed; under the gate

    internal Witness(IWitnessSystem system) => _system = system;

    /// <summary>That of this process.</summary>
    internal static Witness OfProcess { get; } = new(new LinuxWitnessSystem());

    /// <summary>Whoever holds a file hears of trespasses.</summary>
    /// <returns>Whether it is armed.</returns>
    internal bool Hold(WatchedFile file)
    {
        using (_gate.Enter())
        {
            file.Hold();
            return file.IsArmed;
        }
    }

    /// <summary>Whether the operations of the library that were in flight last can have made a file so long.</summary>
    internal bool MayBe(WatchedFile file, KnownLength length)
    {
        using (_gate.Enter())
        {
            return file.MayBe(length);
        }
    }

    /// <summary>How many operations on a file have begun and ended.</summary>
    internal long StampOf(WatchedFile file)
    {
        using (_gate.Enter())
        {
            return file.Stamp;
        }
    }

    internal void LetGo(WatchedFile file)
    {
        using (_gate.Enter())
        {
            file.LetGo();
        }
    }

    internal bool IsHeld(WatchedFile file)
    {
        using (_gate.Enter())
        {
            return file.IsHeld;
        }
    }

    internal bool IsArmed(WatchedFile file)
    {
        using (_gate.Enter())
        {
            return file.IsArmed;
        }
    }

    /// <summary>An operation of the library on a file begins: see <see cref="WatchedFile"/>.</summary>
    /// <param name="file">Which.</param>
    /// <param name="operation">What is going to be done; null for what leaves the file's length as it is.</param>
    /// <param name="length">The file's length, where it is known.</param>
    /// <returns>Whether the file is armed though nobody holds it.</returns>
    internal bool Begin(WatchedFile file, BreakRequest? operation, KnownLength length)
    {
        FoundTrespasses? found = null;
        bool isIdle;
        using (_gate.Enter())
        {
            isIdle = file.IsArmed && !file.IsHeld;
            Empty(file.Source, ref found);
            file.Begin(operation, length);
        }

        found?.Tell();
        return isIdle;
    }

    /// <summary>The operation has ended, and all that it caused is in the queue.</summary>
    internal void End(WatchedFile file)
    {
        FoundTrespasses? found = null;
        bool isDoubted;
        using (_gate.Enter())
        {
            Empty(file.Source, ref found);
            isDoubted = file.End();
        }

        found?.Tell();
        if (isDoubted)
        {
            file.Listener.Doubted();
        }
    }

    /// <summary>Begins to watch a file that is not armed. Called under the file's own lock.</summary>
    /// <param name="file">Which.</param>
    /// <param name="description">A descriptor of it, not O_PATH.</param>
    /// <returns>What it is protected from by that.</returns>
    internal Protection TryArm(WatchedFile file, SafeFileHandle description)
    {
        using (_gate.Enter())
        {
            _armed++;
        }

        bool isArmed = false;
        try
        {
            int thread = TryStart();
            if (thread != 0)
            {
                return WitnessWords.Unarmed($"no thread or descriptor for it: {ErrnoNames.Of(thread)}");
            }

            (int fanotify, int errno) = TryAdd(file, description);
            isArmed = errno == 0;
            return isArmed
                ? WitnessWords.Armed(fanotify == 0 ? ProtectionEngine.Fanotify : ProtectionEngine.Inotify, fanotify)
                : WitnessWords.Unarmed($"fanotify: {ErrnoNames.Of(fanotify)}, inotify: {ErrnoNames.Of(errno)}");
        }
        catch (ObjectDisposedException)
        {
            return WitnessWords.Unarmed("it is being closed");
        }
        finally
        {
            if (!isArmed)
            {
                using (_gate.Enter())
                {
                    _armed--;
                }
            }
        }
    }

    /// <summary>Ends the watch. Called under the file's own lock.</summary>
    /// <param name="file">Which.</param>
    /// <param name="description">A descriptor of it; null where there is none any more.</param>
    /// <param name="evenIfHeld">Whether holders do not count.</param>
    /// <returns>False: it is not armed, or somebody holds it.</returns>
    internal bool TryDisarm(WatchedFile file, SafeFileHandle? description, bool evenIfHeld)
    {
        IChangeSource source;
        using (_gate.Enter())
        {
            if (file.Source is not { } armed || (file.IsHeld && !evenIfHeld))
            {
                return false;
            }

            source = armed;
            file.IsLeaving = true; // Operations empty the queue until the end: what they caused is theirs.
        }

        try
        {
            source.Remove(file, description);
        }
        catch (ObjectDisposedException)
        {
            // The mark is gone with the last descriptor, or will be: the kernel keeps none of an inode that nobody refers to.
        }

        FoundTrespasses? found = null;
        bool isLast;
        using (_gate.Enter())
        {
            file.IsLeaving = false;
            if (ReferenceEquals(file.Source, source))
            {
                Empty(source, ref found); // While the source still knows the file.
                source.Forget(file);
                file.Source = null;
                _armed--; // Else it was abandoned meanwhile, and with it counted.
            }

            Debug.Assert(_armed >= 0, "files are disarmed more often than armed");
            isLast = _armed == 0;
        }

        found?.Tell();
        if (isLast)
        {
            Wake(); // The thread ends soon.
        }

        return true;
    }

    /// <summary>Empties a queue; nothing is allocated where it is empty.</summary>
    private void Empty(IChangeSource? source, ref FoundTrespasses? found)
    {
        if (source is null)
        {
            return;
        }

        Drained drained = source.Drain(_found);
        if (drained is Drained.Overflowed or Drained.Failed)
        {
            _ = _lost.TryAdd(source, drained);
            Wake();
        }

        if (_found.HasAny)
        {
            (found, _found) = (_found, new FoundTrespasses());
        }
    }

    private (int Fanotify, int Errno) TryAdd(WatchedFile file, SafeFileHandle description)
    {
        int fanotify = TryAdd(Volatile.Read(ref _fanotify), _fanotifyMissing, file, description);
        if (fanotify is Errno.EBADF or Errno.EINVAL && TryReplace(Volatile.Read(ref _fanotify)))
        {
            fanotify = TryAdd(Volatile.Read(ref _fanotify), _fanotifyMissing, file, description);
        }

        if (fanotify == 0)
        {
            return (0, 0);
        }

        MakeInotify();
        return (fanotify, TryAdd(Volatile.Read(ref _inotify), _inotifyMissing, file, description));
    }

    /// <summary>An instance is none any more: somebody has closed it, or put another descriptor in its place.</summary>
    private bool TryReplace(IChangeSource? source)
    {
        if (source is not null)
        {
            using (_gate.Enter())
            {
                _lost[source] = Drained.Failed;
            }

            Recover();
        }

        return TryStart() == 0;
    }

    private int TryAdd(IChangeSource? source, int missing, WatchedFile file, SafeFileHandle description)
    {
        if (source is null)
        {
            return missing == 0 ? Errno.EBADF : missing; // Lost at this moment.
        }

        int errno = source.TryAdd(file, description);
        if (errno == 0)
        {
            using (_gate.Enter())
            {
                if (!ReferenceEquals(source, _fanotify) && !ReferenceEquals(source, _inotify))
                {
                    return Errno.EBADF; // Lost meanwhile, by whoever abandoned all that it told of.
                }

                file.Source = source;
            }
        }

        return errno;
    }
}
