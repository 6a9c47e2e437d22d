using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// A group of fanotify that is told of changes by the file's handle. The kernel merges equal events that wait, of one process; so a change
/// by another process is never merged with one by this process.
/// </summary>
internal sealed class FanotifySource : IChangeSource
{
    private readonly UninterruptedLock _gate;
    private readonly SafeFileHandle _group;
    private readonly Dictionary<string, WatchedFile> _files = [];
    private readonly Dictionary<string, WatchedFile>.AlternateLookup<ReadOnlySpan<char>> _byKey;
    private readonly ForgottenKeys _forgotten = new();
    private readonly byte[] _buffer = new byte[64 << 10];

    private FanotifySource(UninterruptedLock gate, SafeFileHandle group)
    {
        _gate = gate;
        _group = group;
        _byKey = _files.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public ProtectionEngine Engine => ProtectionEngine.Fanotify;

    public SafeFileHandle Queue => _group;

    /// <returns>Null: there is none; the error number says why.</returns>
    internal static FanotifySource? TryMake(UninterruptedLock gate, out int errno)
    {
        errno = Fanotify.TryInit(out SafeFileHandle group);
        if (errno == 0)
        {
            return new FanotifySource(gate, group);
        }

        group.Dispose();
        return null;
    }

    public int TryAdd(WatchedFile file, SafeFileHandle description)
    {
        if (Fanotify.TryGetKey(description) is not { } key)
        {
            return Errno.EOPNOTSUPP;
        }

        using (_gate.Enter())
        {
            if (!_files.TryAdd(key, file))
            {
                return Errno.EEXIST; // Two inodes of one name: no file system should have them.
            }

            file.Key = key; // Before the mark: no event comes that nobody knows.
        }

        int errno = Fanotify.TryMark(_group, description);
        if (errno != 0)
        {
            using (_gate.Enter())
            {
                Forget(file);
            }
        }

        return errno;
    }

    public void Remove(WatchedFile file, SafeFileHandle? description)
    {
        if (description is not null)
        {
            _ = Fanotify.TryUnmark(_group, description);
        }
    }

    public void Forget(WatchedFile file)
    {
        if (file.Key is string key)
        {
            _ = _files.Remove(key);
            _forgotten.Add(key);
            file.Key = null;
        }
    }

    public Drained Drain(FoundTrespasses found)
    {
        Drained drained = Drained.Nothing;
        while (true)
        {
            int errno = EventQueue.TryRead(_group, _buffer, out int read);
            if (errno == Errno.EAGAIN)
            {
                return drained;
            }

            if (errno != 0 || read == 0)
            {
                return Drained.Failed; // Somebody has closed it, or put something else in its place.
            }

            ReadOnlySpan<byte> events = _buffer.AsSpan(0, read);
            while (Fanotify.TryTake(ref events, out Fanotify.Event one))
            {
                Judge(one, found, ref drained);
            }

            if (_buffer.Length - read > _buffer.Length / 2)
            {
                return drained; // There was room for more: all that waited was read, and what came since is later than this call.
            }
        }
    }

    public WatchedFile[] Files() => [.. _files.Values];

    public void Dispose() => _group.Dispose();

    private void Judge(Fanotify.Event one, FoundTrespasses found, ref Drained drained)
    {
        if ((one.Mask & Fanotify.FAN_Q_OVERFLOW) != 0)
        {
            drained = Drained.Overflowed;
            return;
        }

        drained = drained == Drained.Nothing ? Drained.Events : drained;
        ChangedBy who = one.Pid == Environment.ProcessId ? ChangedBy.ThisProcess : ChangedBy.OtherProcess;
        int other = who == ChangedBy.OtherProcess ? one.Pid : 0;
        if (_byKey.TryGetValue(one.Key, out WatchedFile? file))
        {
            found.Judge(file, who, other, Engine);
            return;
        }

        // Who writes at the moment at which a mark is removed may still be told of.
        if (_forgotten.Contains(one.Key))
        {
            return;
        }

        // An event of a file that nobody knows would be of one whose handle is told otherwise than it was asked for: it may be any.
        foreach (WatchedFile any in _files.Values)
        {
            found.Judge(any, who, other, Engine);
        }
    }
}
