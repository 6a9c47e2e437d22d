using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Breakers;

/// <summary>
/// The witness's place at one inode: a party of the throat that makes nobody wait. Leases hold the file, and operations of the library are
/// in flight from when they are cleared until they have ended. It is armed when it is first held, for somebody who wants it, and stays so
/// until an operation or a change finds that nobody holds it any more: whoever maps and disposes in turn does not pay for it each time.
/// Safe for any thread.
/// </summary>
internal sealed class FileWitness : IOutsideParty, IChangeListener, IDisposable
{
    private readonly OutsideSeat _seat;
    private readonly Witness _witness;
    private readonly TrespassReports _reports;
    private readonly UninterruptedLock _arming = new();
    private readonly WatchedFile _file;
    private Protection _armedAs = WitnessWords.Unheld; // what was said when it was last armed, or could not be; under the lock
    private bool _isOfUnknownOrigin; // whether what tells of changes does not say whose they are
    private bool _isSaid; // whether it is armed and its level said; under the lock, and read without
    private bool _isDetached;
    private bool _isToBeDisarmed; // somebody is about to

    private FileWitness(OutsideSeat seat, Witness witness, FileEvents events)
    {
        _seat = seat;
        _witness = witness;
        _reports = new TrespassReports(events);
        _file = new WatchedFile(this);
    }

    /// <summary>Makes the party of each inode that is bound to it.</summary>
    internal static PartyMaker MakerFor(FileEvents events) => seat => new FileWitness(seat, Witness.OfProcess, events);

    /// <summary>Holds the file as a lease does, until it is disposed.</summary>
    internal IDisposable Hold()
    {
        // Another thread may be arming it: who holds it goes on when that is done, and said.
        if ((!_witness.Hold(_file) || !Volatile.Read(ref _isSaid)) && !IsCovered)
        {
            Arm();
        }

        return new Holder(this);
    }

    /// <summary>
    /// Whoever changes the file asks first, or does so no more: each change that is told costs who made it as much as being asked does, so
    /// nobody tells of it while it has to ask.
    /// </summary>
    internal void Covered()
    {
        if (IsCovered ? _witness.IsArmed(_file) : _witness.IsHeld(_file))
        {
            OwnWork.Asking.Queue(FollowCover);
        }
    }

    /// <summary>What the library does to the file without a right is in flight until it is disposed.</summary>
    internal IDisposable BeginChange(BreakRequest? operation = null)
    {
        // Where it is known whose a change is, nobody asks for the length.
        KnownLength length = Volatile.Read(ref _isOfUnknownOrigin) ? new KnownLength(_witness.StampOf(_file), Length) : KnownLength.None;
        if (_witness.Begin(_file, operation, length))
        {
            Disarm();
        }

        return this;
    }

    IDisposable IOutsideParty.Join(LeaseRequest request) => _seat.Arbiter.WatchedPath is null ? NoHolder.Instance : Hold();

    ValueTask<IDisposable> IOutsideParty.JoinAsync(LeaseRequest request, CancellationToken cancellationToken) =>
        new(((IOutsideParty)this).Join(request));

    /// <summary>It is itself what an operation gives back: each does so once.</summary>
    IDisposable IOutsideParty.Clear(BreakRequest request) => BeginChange(request);

    ValueTask<IDisposable> IOutsideParty.ClearAsync(BreakRequest request, CancellationToken cancellationToken) =>
        new(BeginChange(request));

    void IDisposable.Dispose() => _witness.End(_file);

    void IOutsideParty.Detach()
    {
        using (_arming.Enter())
        {
            _isDetached = true;
            _ = _witness.TryDisarm(_file, _seat.Arbiter.Description, evenIfHeld: true);
        }
    }

    void IChangeListener.Trespassed(SeenTrespass seen)
    {
        if (_seat.Arbiter.WatchedPath is not { } path)
        {
            return; // It is held by those only who do not want to know.
        }

        if (IsCovered)
        {
            return; // It has asked: there is no descriptor of before, and one of after it waits for an answer.
        }

        Tell(new Trespass
        {
            Path = path,
            File = _seat.File,
            Origin = seen.Origin,
            ProcessId = seen.Origin switch
            {
                TrespassOrigin.ThisProcess => Environment.ProcessId,
                TrespassOrigin.OtherProcess when seen.ProcessId > 0 => seen.ProcessId,
                _ => null,
            },
            ProcessName = seen.ProcessId > 0 ? ProcessIdentity.NameOf(seen.ProcessId) : null,
            Engine = seen.Engine,
            NoticedAt = Now,
        });
    }

    /// <summary>Somebody who looked has found the file changed.</summary>
    internal void Found(string change)
    {
        if (_seat.Arbiter.WatchedPath is { } path)
        {
            Tell(new Trespass
            {
                Path = path,
                File = _seat.File,
                Origin = TrespassOrigin.Unknown,
                NoticedAt = Now,
                Detail = change,
            });
        }
    }

    /// <summary>The length is compared, and each region looks at what it has mapped.</summary>
    void IChangeListener.Doubted()
    {
        KnownLength length = new(_witness.StampOf(_file), Length);
        if (!_witness.MayBe(_file, length))
        {
            Found($"it has {length.Length} bytes, which no operation of this library made");
        }

        _seat.TellToLook();
    }

    /// <summary>A file system may be asked, and need not answer: so it is not the thread that reads which does it.</summary>
    void IChangeListener.Unheld()
    {
        if (!Interlocked.Exchange(ref _isToBeDisarmed, true))
        {
            OwnWork.Asking.Queue(Disarm);
        }
    }

    void IChangeListener.Lost(string reason)
    {
        Protection lost = WitnessWords.Lost(reason);
        Report(_seat.Arbiter.Protection, lost);
        _seat.SetLevel(lost);
        OwnWork.Asking.Queue(() => WatchAgain(reason));
    }

    private bool IsCovered => _seat.Arbiter.PartyOf<FileGuard>() is { HearsEverything: true };

    private void FollowCover()
    {
        if (!IsCovered)
        {
            if (_witness.IsHeld(_file))
            {
                Arm();
                _seat.TellToLook();
            }

            return;
        }

        using (_arming.Enter())
        {
            using KeptInode kept = _seat.Arbiter.KeepInode();
            if (!_isDetached && _witness.TryDisarm(_file, _seat.Arbiter.Description, evenIfHeld: true))
            {
                Volatile.Write(ref _isSaid, false);
                _seat.SetLevel(WitnessWords.Unheld);
            }
        }
    }

    private void WatchAgain(string reason)
    {
        using (_arming.Enter())
        {
            if (_isDetached)
            {
                return;
            }

            using KeptInode kept = _seat.Arbiter.KeepInode();
            Protection again = _witness.IsArmed(_file) ? _armedAs : TryArm();
            _seat.TellToLook(); // From now on changes are noticed, so whoever looks now sees what was not.
            again = again with { Reason = $"{again.Reason}; for a moment it was not watched, since {reason}" };
            Report(_seat.Arbiter.Protection, again);
            _seat.SetLevel(again);
            Volatile.Write(ref _isSaid, again.Level >= ProtectionLevel.Watched);
        }
    }

    private void Arm()
    {
        using (_arming.Enter())
        {
            if (_isDetached || _witness.IsArmed(_file))
            {
                return;
            }

            using KeptInode kept = _seat.Arbiter.KeepInode();
            Protection protection = TryArm();
            _seat.SetLevel(protection);
            Volatile.Write(ref _isSaid, protection.Level >= ProtectionLevel.Watched);
            if (protection.Level < ProtectionLevel.Watched)
            {
                Report(protection with { Level = ProtectionLevel.Watched }, protection); // What was wanted is not to be had.
            }
        }
    }

    private Protection TryArm()
    {
        _armedAs = _seat.Arbiter.Description is { } description
            ? _witness.TryArm(_file, description)
            : WitnessWords.Unarmed("it is being closed");
        Volatile.Write(ref _isOfUnknownOrigin, _armedAs.Engine == ProtectionEngine.Inotify);
        return _armedAs;
    }

    /// <summary>In bytes; -1 where it cannot be had.</summary>
    private long Length
    {
        get
        {
            try
            {
                return _seat.Arbiter.Description is { } description && Statx.TryGet(description, out Statx.FileStatus status) == 0
                    ? status.Size
                    : -1;
            }
            catch (ObjectDisposedException)
            {
                return -1;
            }
        }
    }

    private void Disarm()
    {
        Volatile.Write(ref _isToBeDisarmed, false);
        using (_arming.Enter())
        {
            if (!_isDetached && _witness.TryDisarm(_file, _seat.Arbiter.Description, evenIfHeld: false))
            {
                Volatile.Write(ref _isSaid, false);
                _seat.SetLevel(WitnessWords.Unheld);
            }
        }
    }

    /// <summary>The clock may be the user's own, and may throw.</summary>
    private DateTimeOffset Now
    {
        get
        {
            try
            {
                return _seat.TimeProvider.GetUtcNow();
            }
            catch (Exception exception)
            {
                UserCode.Report(exception, _seat.Failed);
                return DateTimeOffset.UtcNow;
            }
        }
    }

    private void Report(Protection before, Protection now)
    {
        if (_seat.Arbiter.WatchedPath is { } path)
        {
            _reports.ReportLevel(path, before, now);
        }
    }

    private void Tell(Trespass trespass)
    {
        _seat.Tell(trespass);
        _reports.Report(trespass);
    }

    private sealed class Holder(FileWitness witness) : IDisposable
    {
        private FileWitness? _witness = witness;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _witness, null) is { } held)
            {
                held._witness.LetGo(held._file);
            }
        }
    }

    private sealed class NoHolder : IDisposable
    {
        internal static NoHolder Instance { get; } = new();

        public void Dispose()
        {
        }
    }
}
