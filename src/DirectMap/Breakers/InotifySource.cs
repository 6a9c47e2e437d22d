using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// An instance of inotify. It does not say who changed a file, and the kernel merges an event with the last one that waits, where they are
/// equal.
/// </summary>
internal sealed class InotifySource : IChangeSource
{
    private readonly UninterruptedLock _gate;
    private readonly SafeFileHandle _instance;
    private readonly Dictionary<int, WatchedFile> _files = [];
    private readonly HashSet<int> _early = []; // watches that were told of before their numbers were known
    private readonly byte[] _buffer = new byte[16 << 10];
    private int _adding;

    private InotifySource(UninterruptedLock gate, SafeFileHandle instance)
    {
        _gate = gate;
        _instance = instance;
    }

    public ProtectionEngine Engine => ProtectionEngine.Inotify;

    public SafeFileHandle Queue => _instance;

    /// <returns>Null: there is none; the error number says why.</returns>
    internal static InotifySource? TryMake(UninterruptedLock gate, out int errno)
    {
        errno = Inotify.TryInit(out SafeFileHandle instance);
        if (errno == 0)
        {
            return new InotifySource(gate, instance);
        }

        instance.Dispose();
        return null;
    }

    public int TryAdd(WatchedFile file, SafeFileHandle description)
    {
        using (_gate.Enter())
        {
            _adding++;
        }

        int errno;
        int watch = -1;
        try
        {
            errno = Inotify.TryWatch(_instance, description, out watch);
        }
        finally
        {
            bool isEarly;
            using (_gate.Enter())
            {
                _adding--;
                isEarly = _early.Remove(watch);
                if (_adding == 0)
                {
                    _early.Clear();
                }

                if (watch >= 0)
                {
                    _files[watch] = file;
                    file.Key = watch;
                }
            }

            if (isEarly)
            {
                FoundTrespasses found = new();
                using (_gate.Enter())
                {
                    found.Judge(file, ChangedBy.Unknown, 0, Engine);
                }

                found.Tell();
            }
        }

        return errno;
    }

    public void Remove(WatchedFile file, SafeFileHandle? description)
    {
        if (file.Key is int watch)
        {
            Inotify.TryUnwatch(_instance, watch);
        }
    }

    public void Forget(WatchedFile file)
    {
        if (file.Key is int key)
        {
            _ = _files.Remove(key);
            file.Key = null;
        }
    }

    public Drained Drain(FoundTrespasses found)
    {
        Drained drained = Drained.Nothing;
        while (true)
        {
            int errno = EventQueue.TryRead(_instance, _buffer, out int read);
            if (errno == Errno.EAGAIN)
            {
                return drained;
            }

            if (errno != 0 || read == 0)
            {
                return Drained.Failed; // Somebody has closed it, or put something else in its place.
            }

            ReadOnlySpan<byte> events = _buffer.AsSpan(0, read);
            while (Inotify.TryTake(ref events, out Inotify.Event one))
            {
                Judge(one, found, ref drained);
            }

            if (_buffer.Length - read > _buffer.Length / 2)
            {
                return drained;
            }
        }
    }

    public WatchedFile[] Files() => [.. _files.Values];

    public void Dispose() => _instance.Dispose();

    private void Judge(Inotify.Event one, FoundTrespasses found, ref Drained drained)
    {
        if ((one.Mask & Inotify.IN_Q_OVERFLOW) != 0)
        {
            drained = Drained.Overflowed;
            return;
        }

        drained = drained == Drained.Nothing ? Drained.Events : drained;
        if ((one.Mask & Inotify.IN_MODIFY) == 0)
        {
            return; // IN_IGNORED, of a watch that was removed.
        }

        if (_files.TryGetValue(one.Watch, out WatchedFile? file))
        {
            found.Judge(file, ChangedBy.Unknown, 0, Engine);
        }
        else if (_adding > 0)
        {
            _ = _early.Add(one.Watch);
        }
    }
}
