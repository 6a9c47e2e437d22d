using DirectMap.Breakers;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Regions;
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
    internal FileGuarding(OwnedFile own, OpenedAs opened)
    {
        _own = own;
        _guard = opened.Guard;
        if (_guard.Demand == GuardDemand.None || _guard.Level < ProtectionLevel.Watched)
        {
            return;
        }

        _isWatched = true;
        own.Inode.Arbiter.WantWatch(own.Path);
        FileGuard.Arming arming = _guard.Level > ProtectionLevel.Watched ? Arm(opened) : default;
        if (_guard.Demand == GuardDemand.Required)
        {
            _required = Witness?.Hold();
            ThrowIfMissing(arming);
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
    private FileGuard.Arming Arm(OpenedAs opened)
    {
        if (_own.BackingKind != FileBackingKind.Linux)
        {
            return new FileGuard.Arming("the portable backing makes nobody wait", IsBusy: false);
        }

        if (_guard.Demand == GuardDemand.Required)
        {
            _ = opened.CheckLease(_own.File, _own.File.Status.Uid);
        }
        else if (!_own.File.MayLease(opened.Access, _own.File.Status.Uid))
        {
            return default; // Nobody may be made to wait, and regions say so.
        }

        return _own.Inode.Arbiter.PartyOf<FileGuard>(FileGuard.Maker)?.Arm(!_own.File.FileSystem.NeverShares) ?? default;
    }

    private void ThrowIfMissing(FileGuard.Arming arming)
    {
        Protection protection = Protection;
        if (protection.Level >= _guard.Level)
        {
            return;
        }

        _required?.Dispose();
        string why = $"'{_own.Path}': the level {_guard.Level} is required, and cannot be had{(arming.IsBusy ? " now" : "")}: ";
        why += arming.Missing ?? $"it is {protection}";
        throw arming.IsBusy
            ? new IOException(why) { HResult = Errno.EBUSY }
            : new NotSupportedException($"{why} (EOPNOTSUPP)") { HResult = Errno.EOPNOTSUPP };
    }
}
