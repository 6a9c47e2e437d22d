using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// Tells when a change is done: a second group of fanotify, which names the thread after it (FAN_MODIFY, FAN_REPORT_TID). A change by a
/// thread that was let go is the end of what it was let go for, as all that came before was read before it was (<see cref="Drain"/>).
/// </summary>
internal sealed class ChangeObserver
{
    private readonly UninterruptedLock _gate = new();
    private readonly SafeFileHandle _group;
    private readonly Dictionary<string, GuardedFile> _files = [];
    private readonly Dictionary<string, GuardedFile>.AlternateLookup<ReadOnlySpan<char>> _byKey;
    private readonly byte[] _buffer = new byte[16 << 10];

    private ChangeObserver(SafeFileHandle group)
    {
        _group = group;
        _byKey = _files.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <returns>Null: there is none, and ends are found by looking.</returns>
    internal static ChangeObserver? TryStart()
    {
        if (Fanotify.TryInit(out SafeFileHandle group, ofThreads: true) != 0)
        {
            group.Dispose();
            return null;
        }

        ChangeObserver observer = new(group);
        try
        {
            OwnThread.Start(observer.Read, "DirectMap: guard, ends", OwnThread.SmallStack);
            return observer;
        }
        catch (OutOfMemoryException)
        {
            group.Dispose();
            return null;
        }
    }

    /// <returns>Whether it tells of the file from now on.</returns>
    internal bool TryAdd(GuardedFile file, SafeFileHandle description)
    {
        if (Fanotify.TryGetKey(description) is not { } key)
        {
            return false;
        }

        using (_gate.Enter())
        {
            if (!_files.TryAdd(key, file))
            {
                return false;
            }

            file.ObservedAs = key;
        }

        if (Fanotify.TryMark(_group, description) == 0)
        {
            return true;
        }

        Forget(file);
        return false;
    }

    internal void Remove(GuardedFile file, SafeFileHandle description)
    {
        _ = Fanotify.TryUnmark(_group, description);
        Forget(file);
    }

    /// <summary>Reads all that there is. Nothing is allocated where there is nothing.</summary>
    internal void Drain()
    {
        List<HeldCall>? ended = null;
        using (_gate.Enter())
        {
            while (EventQueue.TryRead(_group, _buffer, out int read) == 0 && read > 0)
            {
                ReadOnlySpan<byte> events = _buffer.AsSpan(0, read);
                while (Fanotify.TryTake(ref events, out Fanotify.Event one))
                {
                    if (_byKey.TryGetValue(one.Key, out GuardedFile? file) && file.Changed(one.Pid) is { } call)
                    {
                        (ended ??= []).Add(call);
                    }
                }
            }
        }

        ended?.ForEach(static call => call.SetEnded());
    }

    private void Forget(GuardedFile file)
    {
        using (_gate.Enter())
        {
            if (file.ObservedAs is { } key)
            {
                _ = _files.Remove(key);
                file.ObservedAs = null;
            }
        }
    }

    private void Read()
    {
        while (Poll.Wait([_group], -1) >= 0)
        {
            try
            {
                Drain();
            }
            catch (Exception exception)
            {
                UserCode.TraceFailure(exception); // No memory, say: ends are found by looking.
            }
        }
    }
}
