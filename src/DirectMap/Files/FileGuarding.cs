using DirectMap.Breakers;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Regions;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Files;

/// <summary>
/// What one opener of a file wants it to be protected from, and hears of changes that did not ask. While it has a handler, or has required
/// a level, it holds the file as a lease does. Safe for any thread.
/// </summary>
internal sealed class FileGuarding
{
    private readonly OwnedFile _own;
    private readonly GuardOptions _guard;
    private readonly bool _isWatched; // or is to be, as far as it can
    private readonly UninterruptedLock _gate = new();
    private readonly IDisposable? _required;
    private OutsideNotifier? _notifier; // made for the first handler
    private IDisposable? _listening;
    private bool _isClosed;

    /// <exception cref="UnauthorizedAccessException">The level makes others wait, and the file is somebody else's (EACCES).</exception>
    /// <exception cref="NotSupportedException">The level is required, and cannot be had (EOPNOTSUPP).</exception>
    internal FileGuarding(OwnedFile own, OpenedAs opened, FileEvents events)
    {
        _own = own;
        _guard = opened.Guard;
        if (_guard.Demand == GuardDemand.None || _guard.Level < ProtectionLevel.Watched)
        {
            return;
        }

        _isWatched = true;
        own.Inode.Arbiter.WantWatch(own.Path);
        FileGuard.Arming arming = _guard.Level > ProtectionLevel.Watched ? Arm(own.File, opened, events) : default;
        IsBusy = arming.IsBusy;
        if (_guard.Demand == GuardDemand.Required)
        {
            _required = Witness?.Hold();
            try
            {
                ThrowIfLess(Protection, own.Path, _guard, arming);
            }
            catch
            {
                _required?.Dispose();
                throw;
            }
        }
    }

    /// <summary>Whether others had it open, so that the level wanted could not be had.</summary>
    internal bool IsBusy { get; }

    /// <summary>Has a file guarded that nobody else can have open yet.</summary>
    /// <param name="made">The file, while it has no name; null where others may have it open already.</param>
    /// <param name="path">Its path.</param>
    /// <param name="opened">How it is going to be opened.</param>
    /// <param name="events">Who hears of what it is protected from.</param>
    /// <inheritdoc cref="FileGuarding(OwnedFile, OpenedAs, FileEvents)"/>
    internal static void Arm(InodeReference? made, string path, OpenedAs opened, FileEvents events)
    {
        FileGuard.Arming arming = made is null
            ? new FileGuard.Arming("its file system has no pre-content events of fanotify: ext4, XFS and btrfs have", IsBusy: false)
            : Arm(made.File, opened, events);
        if (opened.Guard.Demand == GuardDemand.Required)
        {
            Protection protection = made?.Inode.Arbiter.Protection ?? FileArbiter.Unwatched;
            ThrowIfLess(protection, path, opened.Guard, arming);
        }
    }

    private FileWitness? Witness => _own.Inode.Arbiter.PartyOf<FileWitness>();

    /// <summary>What the file is protected from now.</summary>
    internal Protection Protection => _own.Inode.Arbiter.ProtectionOf(isDirect: true, isWaived: false, _guard);

    internal void Add(object sender, EventHandler<Trespass>? handler)
    {
        if (handler is null || !_isWatched)
        {
            return;
        }

        using (_gate.Enter())
        {
            if (_isClosed)
            {
                return;
            }

            _notifier ??= new OutsideNotifier(_own.Inode, _own.Path, _own.Coordinator.ReportCallbackFailure);
            _notifier.AddForTrespasses(sender, handler);
        }

        // Outside of the gate: a file system may be asked.
        if (Witness?.Hold() is not { } listening)
        {
            return;
        }

        if (Interlocked.CompareExchange(ref _listening, listening, null) is not null || Volatile.Read(ref _isClosed))
        {
            listening.Dispose();
        }
    }

    internal void Remove(EventHandler<Trespass>? handler)
    {
        using (_gate.Enter())
        {
            if (_notifier is { } notifier && notifier.RemoveForTrespasses(handler))
            {
                Interlocked.Exchange(ref _listening, null)?.Dispose();
            }
        }
    }

    internal void Close()
    {
        using (_gate.Enter())
        {
            _isClosed = true;
            _notifier?.Close();
        }

        Interlocked.Exchange(ref _listening, null)?.Dispose();
        _required?.Dispose();
    }

    /// <summary>Has everybody who changes the file ask first, where the caller may make others wait.</summary>
    private static FileGuard.Arming Arm(OpenedFile file, OpenedAs opened, FileEvents events)
    {
        if (file.Inode.Backing.Kind != FileBackingKind.Linux)
        {
            return new FileGuard.Arming("the portable backing makes nobody wait", IsBusy: false);
        }

        if (opened.Guard.Demand == GuardDemand.Required)
        {
            _ = opened.CheckLease(file, file.Status.Uid);
        }
        else if (!file.MayLease(opened.Access, file.Status.Uid))
        {
            return default; // Nobody may be made to wait, and regions say so.
        }

        return file.Inode.Arbiter.PartyOf<FileGuard>(FileGuard.MakerFor(events))?.Arm(!file.FileSystem.NeverShares) ?? default;
    }

    private static void ThrowIfLess(Protection protection, string path, GuardOptions guard, FileGuard.Arming arming)
    {
        if (protection.Level >= guard.Level)
        {
            return;
        }

        string why = $"'{path}': the level {guard.Level} is required, and cannot be had{(arming.IsBusy ? " now" : "")}: "
            + (arming.Missing ?? $"it is {protection}");
        const string Name = "(EOPNOTSUPP)";
        string told = why.Contains(Name, StringComparison.Ordinal) ? why : $"{why} {Name}";
        throw arming.IsBusy
            ? new IOException(why) { HResult = Errno.EBUSY }
            : new NotSupportedException(told) { HResult = Errno.EOPNOTSUPP };
    }
}
