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

    /// <summary>The file may be watched from now on.</summary>
    internal void Add(GuardedFile file, SafeFileHandle description)
    {
        using (_gate.Enter())
        {
            file.Observed = description;
        }
    }

    internal void Remove(GuardedFile file)
    {
        using (_gate.Enter())
        {
            EndUnsynchronized(file);
            file.Observed = null;
        }
    }

    /// <summary>
    /// Tells of the file's changes until <see cref="Unwatch"/>. Each change wakes the thread up then, which takes as long as all the rest
    /// of it: so who is let pass pays nothing for those whose end is waited for.
    /// </summary>
    internal void Watch(GuardedFile file)
    {
        using (_gate.Enter())
        {
            file.Watches++;
            if (!file.IsObserved && file.Observed is { } description)
            {
                BeginUnsynchronized(file, description);
            }
        }
    }

    internal void Unwatch(GuardedFile file)
    {
        using (_gate.Enter())
        {
            if (--file.Watches == 0)
            {
                EndUnsynchronized(file);
            }
        }
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

    /// <summary>Where it cannot be, ends are found by looking.</summary>
    private void BeginUnsynchronized(GuardedFile file, SafeFileHandle description)
    {
        try
        {
            file.ObservableAs ??= Fanotify.TryGetKey(description);
            if (file.ObservableAs is { } key && _files.TryAdd(key, file))
            {
                file.IsObserved = true;
                if (Fanotify.TryMark(_group, description) != 0)
                {
                    ForgetUnsynchronized(file);
                }
            }
        }
        catch (ObjectDisposedException)
        {
            // It is being closed.
        }
    }

    private void EndUnsynchronized(GuardedFile file)
    {
        if (!file.IsObserved)
        {
            return;
        }

        ForgetUnsynchronized(file);
        try
        {
            _ = Fanotify.TryUnmark(_group, file.Observed!);
        }
        catch (ObjectDisposedException)
        {
            // The mark goes with the inode.
        }
    }

    private void ForgetUnsynchronized(GuardedFile file)
    {
        _ = _files.Remove(file.ObservableAs!);
        file.IsObserved = false;
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
