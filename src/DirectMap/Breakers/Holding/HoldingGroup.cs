using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// A group of fanotify that holds the operations on some files, and the one thread that reads its events. That thread answers at once
/// whoever touches nothing that is held, or is proven harmless, and hands the rest to the files' clients. It waits for nobody: it asks no
/// file system but /proc, and writes to no log. Each event is answered once, before its descriptor is closed. Invariants:
/// <list type="number">
/// <item>A file is in the table before it is marked, and until it is unmarked; so an event of a file that is not there is of one that
/// nobody holds any more.</item>
/// <item>Where the thread ends, or an answer fails, everybody concerned is told before anybody is let go by that.</item>
/// </list>
/// </summary>
internal sealed partial class HoldingGroup
{
    private readonly UninterruptedLock _gate = new();
    private readonly Dictionary<InodeKey, GuardedFile> _files = [];
    private readonly IHoldingKernel _kernel;
    private readonly ReservedDescriptors _reserved;
    private volatile bool _isGone;
    private volatile bool _isToFail; // by a test

    /// <summary>A group whose events nobody reads yet.</summary>
    internal HoldingGroup(IHoldingKernel kernel, ChangeObserver? observer, ReservedDescriptors reserved)
    {
        _kernel = kernel;
        Observer = observer;
        _reserved = reserved;
    }

    internal ChangeObserver? Observer { get; }

    internal bool IsGone => _isGone;

    internal IHoldingKernel Kernel => _kernel;

    /// <summary>Makes a group, and starts its thread.</summary>
    /// <param name="observer">What tells of changes that are done; null for nothing.</param>
    /// <param name="reserved">Descriptors to fall back on.</param>
    /// <param name="errno">Why there is none.</param>
    internal static HoldingGroup? TryStart(ChangeObserver? observer, ReservedDescriptors reserved, out int errno)
    {
        if (LinuxHoldingKernel.TryMake(out errno) is not { } made)
        {
            return null;
        }

        HoldingGroup group = new(made, observer, reserved);
        try
        {
            OwnThread.Start(group.Read, "DirectMap: guard", OwnThread.SmallStack);
            return group;
        }
        catch (OutOfMemoryException)
        {
            made.Dispose();
            errno = Errno.EAGAIN;
            return null;
        }
    }

    /// <summary>Begins to hold operations on a file.</summary>
    /// <returns>0, or the error number: EEXIST where somebody does already.</returns>
    internal int TryAdd(GuardedFile file, SafeFileHandle description)
    {
        using (_gate.Enter())
        {
            if (_isGone)
            {
                return Errno.EBADF;
            }

            if (!_files.TryAdd(file.Key, file))
            {
                return Errno.EEXIST;
            }
        }

        int errno = _kernel.TryMark(description);
        if (errno == 0)
        {
            Observer?.Add(file, description);
            return 0;
        }

        Forget(file);
        return errno;
    }

    /// <summary>For a moment nobody waits, so that whoever opens the file is soon done with it.</summary>
    /// <returns>Whether that could be said.</returns>
    internal bool TrySuspend(SafeFileHandle description) => _kernel.TrySuspend(description) == 0;

    /// <summary>Whoever does something from now on waits.</summary>
    /// <returns>False: the group has ended, and everybody concerned is told.</returns>
    internal bool TryResume(GuardedFile file, SafeFileHandle description)
    {
        int errno = _kernel.TryResume(description);
        if (errno is not 0 and not Errno.ENOENT)
        {
            file.Client.Lost($"what was suspended could not be resumed ({ErrnoNames.Of(errno)})", isOver: false);
        }

        return errno is 0 or Errno.ENOENT && !_isGone;
    }

    /// <summary>Holds nothing of the file any more. What waits is still answered.</summary>
    internal void Remove(GuardedFile file, SafeFileHandle? description)
    {
        try
        {
            if (description is not null)
            {
                _ = _kernel.TryUnmark(description);
            }
        }
        catch (ObjectDisposedException)
        {
            // The mark goes with the inode.
        }

        Observer?.Remove(file);
        Forget(file);
    }

    /// <summary>Answers an event, and closes its descriptor.</summary>
    /// <param name="descriptor">The event's.</param>
    /// <param name="errno">0 to let it go.</param>
    /// <returns>0, or the error number: ENOENT where nobody waits any more.</returns>
    internal int Answer(int descriptor, int errno)
    {
        int failed = _kernel.Answer(descriptor, errno);
        if (failed is not 0 and not Errno.ENOENT and not Errno.EBADF)
        {
            TellAll($"an answer was not taken ({ErrnoNames.Of(failed)})", isOver: false);
        }

        return failed;
    }

    private void Forget(GuardedFile file)
    {
        using (_gate.Enter())
        {
            if (_files.TryGetValue(file.Key, out GuardedFile? there) && ReferenceEquals(there, file))
            {
                _ = _files.Remove(file.Key);
            }
        }
    }

    private void Read()
    {
        Span<byte> buffer = stackalloc byte[8 * PreContent.MaxEvent];
        string why = "its events could not be read";
        ReadOnlySpan<byte> events = buffer[..0];
        try
        {
            while (true)
            {
                int errno = _kernel.TryRead(buffer, out int read);
                if (errno != 0 || read == 0)
                {
                    _kernel.Forget();
                    if (_reserved.TryRelease(errno))
                    {
                        continue; // There were no descriptors for the events.
                    }

                    why = $"its events could not be read ({ErrnoNames.Of(errno)})";
                    break;
                }

                events = buffer[..read];
                ReadOnlySpan<byte> rest = events;
                while (PreContent.TryTake(ref rest, out PreContent.Event one))
                {
                    Handle(one);
                    events = rest;
                }
            }
        }
        catch (Exception exception)
        {
            why = $"the thread that reads its events failed ({exception.Message})";
        }

        End(why, events);
    }

    /// <summary>Everybody is told, whoever waits is refused, and only then the kernel lets go what else may wait.</summary>
    /// <param name="why">Why it ends, in words.</param>
    /// <param name="unanswered">Events that were read: their descriptors would be in the way of each proof for good.</param>
    private void End(string why, ReadOnlySpan<byte> unanswered)
    {
        _isGone = true;
        TellAll(why, isOver: true);
        while (PreContent.TryTake(ref unanswered, out PreContent.Event one))
        {
            _ = one.Descriptor >= 0 ? Answer(one.Descriptor, Errno.EBUSY) : 0;
        }

        foreach (GuardedFile file in Files())
        {
            foreach (HeldCall call in file.Waiting())
            {
                _ = call.TryDeny(Errno.EBUSY);
            }

            Forget(file);
        }

        _kernel.Dispose();
    }

    private GuardedFile[] Files()
    {
        using (_gate.Enter())
        {
            return [.. _files.Values];
        }
    }

    private void TellAll(string why, bool isOver)
    {
        foreach (GuardedFile file in Files())
        {
            file.Client.Lost(why, isOver);
        }
    }

    /// <summary>Judges an event, and answers it at once where it need not wait.</summary>
    internal void Handle(in PreContent.Event one)
    {
        if ((one.Mask & Fanotify.FAN_Q_OVERFLOW) != 0)
        {
            TellAll("more waited to be asked than the kernel keeps, and it let them go", isOver: false);
            return;
        }

        if (one.Descriptor < 0)
        {
            _kernel.Forget();
            _ = _reserved.TryRelease(-one.Descriptor); // It was refused with EPERM, and has changed nothing.
            return;
        }

        if (_isToFail)
        {
            throw new InvalidOperationException("a test ends it");
        }

        int errno = 0;
        try
        {
            errno = Judge(one) is { } answer ? answer : -1;
        }
        catch (OutOfMemoryException)
        {
            errno = Errno.EAGAIN;
        }

        if (errno >= 0)
        {
            _ = Answer(one.Descriptor, errno);
        }
    }
}
