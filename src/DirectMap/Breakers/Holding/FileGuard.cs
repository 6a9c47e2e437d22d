using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Telemetry;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Breakers;

/// <summary>
/// The engine's place at one inode of this process: a party of the throat that has everybody's operations wait until the leases in their
/// way are broken. It joins when somebody asks for that by name, and guards the file until the inode is closed.
/// <para>
/// The process's own operations go through the inode's shared descriptions. The first of them was open before the file was guarded, so the
/// kernel raises no event for it, but for ftruncate: own operations cost what they did. One that is opened later raises events, which are
/// answered at once by its number (<see cref="IHoldingClient.Owns"/>): the coordinator has arbitrated them before the system call. Neither
/// ever waits for a lease of this process.
/// </para>
/// Invariants:
/// <list type="number">
/// <item>The level is said under one gate, in the order in which it changes. A proof says Proved or NoWriters only if nobody was let map
/// the file writable since before it.</item>
/// <item>Before somebody is let map the file writable the level is Watched.</item>
/// <item>Each call that is taken is answered once, and its right is given back when there is evidence that it has ended.</item>
/// <item>The right of a call is held from before it is let go, so no lease is granted in its way meanwhile.</item>
/// </list>
/// </summary>
internal sealed class FileGuard : IOutsideParty, IHoldingClient
{
    /// <summary>How long it is tried to find a moment at which nobody else has the file open, in milliseconds.</summary>
    internal const int ArmingTime = 50;

    private const int LooksInARow = 10;
    private const int Rest = 50; // microseconds

    private readonly OutsideSeat _seat;
    private readonly HoldingEngine _engine;
    private readonly ForeignBreaks _breaks;
    private readonly TrespassReports _reports;
    private readonly UninterruptedLock _arming = new(); // taken before the other one
    private readonly UninterruptedLock _saying = new();
    private GuardedFile? _file; // written under both, once
    private bool _isHeld; // whether the engine holds what is done to it; under both
    private long _maps; // how often somebody was let map it writable
    private volatile bool _hasProof; // written under the second one
    private bool _isDetached;

    private FileGuard(OutsideSeat seat, HoldingEngine engine, FileEvents events)
    {
        _reports = new TrespassReports(events);
        _seat = seat;
        _engine = engine;
        _breaks = new ForeignBreaks(seat, engine, SayMapped);
    }

    /// <summary>Makes the party of an inode that is to be guarded.</summary>
    internal static PartyMaker MakerFor(FileEvents events) => seat => new FileGuard(seat, HoldingEngine.OfProcess, events);

    /// <summary>Whether each change by a system call has asked since there was a proof, so that none of them is a trespass.</summary>
    internal bool HearsEverything => _hasProof;

    /// <summary>Has the file guarded from now on, as well as it can be.</summary>
    /// <param name="sharesBlocks">Whether its file system may give a copy the file's own blocks.</param>
    /// <returns>What is missing.</returns>
    internal Arming Arm(bool sharesBlocks)
    {
        using (_arming.Enter())
        {
            if (_isDetached)
            {
                return new Arming("it is being closed", IsBusy: false);
            }

            if (_isHeld && _seat.Arbiter.Protection.Level >= ProtectionLevel.NoWriters)
            {
                return default;
            }

            using KeptInode kept = _seat.Arbiter.KeepInode();
            return TryHold(sharesBlocks) is { } why ? Say(why, isBusy: false) : Prove(_file!, ArmingTime);
        }
    }

    bool IHoldingClient.Owns(int descriptor) => _seat.Arbiter.Owns(descriptor);

    bool IHoldingClient.TryTake(HeldCall call) => _breaks.TryTake(call);

    void IHoldingClient.MapsWritable(HeldCall call) => SayMapped(call.Thread);

    void IHoldingClient.Lost(string reason, bool isOver)
    {
        using (_saying.Enter())
        {
            _hasProof = false;
            _maps++; // No proof that is under way says that it holds.
            _isHeld &= !isOver;
            SetLevel(null, reason);
        }

        _seat.Arbiter.PartyOf<FileWitness>()?.Covered();
        _seat.TellToLook();
        OwnWork.Asking.Queue(() => _ = ArmAgain());
    }

    IDisposable IOutsideParty.Join(LeaseRequest request)
    {
        if (Volatile.Read(ref _file) is not { } file)
        {
            return NothingHeld.Instance;
        }

        HeldBytes held = new(file, request.Range);
        try
        {
            GoingOnWait.For(file, request);
            ProveAgain(file);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    async ValueTask<IDisposable> IOutsideParty.JoinAsync(LeaseRequest request, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _file) is not { } file)
        {
            return NothingHeld.Instance;
        }

        HeldBytes held = new(file, request.Range);
        try
        {
            await GoingOnWait.ForAsync(file, request, cancellationToken).ConfigureAwait(false);
            ProveAgain(file);
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The coordinator has arbitrated it, and its system calls wait for nobody.</summary>
    IDisposable IOutsideParty.Clear(BreakRequest request) => NothingHeld.Instance;

    ValueTask<IDisposable> IOutsideParty.ClearAsync(BreakRequest request, CancellationToken cancellationToken) => new(NothingHeld.Instance);

    void IOutsideParty.Detach()
    {
        GuardedFile? file;
        using (_arming.Enter())
        using (_saying.Enter())
        {
            _isDetached = true;
            file = _isHeld ? _file : null;
            _isHeld = false;
        }

        if (file is not null)
        {
            HoldingEngine.Release(file, _seat.Arbiter.Description);
        }
    }

    private void SayMapped(int thread)
    {
        string who = $"{ProcThread.NameOf(thread) ?? "another process"} (thread {thread})";
        using (_saying.Enter())
        {
            _maps++;
            SetLevel(HoldingWords.Mapped(who), null);
        }
    }

    private void ProveAgain(GuardedFile file)
    {
        if (_seat.Arbiter.Protection.Level < ProtectionLevel.NoWriters || file.HasWriters)
        {
            _ = ArmAgain();
        }
    }

    private Arming ArmAgain()
    {
        using (_arming.Enter())
        {
            if (_isDetached)
            {
                return default;
            }

            using KeptInode kept = _seat.Arbiter.KeepInode();
            return TryHold(_file!.Traits.SharesBlocks) is { } why ? Say(why, isBusy: false) : Prove(_file, 0);
        }
    }

    /// <summary>
    /// Has the engine hold what is done to the file, if it does not. Leases that were joined before it is known are in force already, or
    /// are joined anew (<see cref="FileArbiter"/>, 3). Of those in force nobody says when they end, so that all bytes are held for good: it
    /// is the coordinator who knows what is in whose way.
    /// </summary>
    /// <returns>Why it does not; null where it does.</returns>
    private string? TryHold(bool sharesBlocks)
    {
        if (_isHeld)
        {
            return null;
        }

        string? why = "it is being closed";
        if (_seat.Arbiter.Description is not { } description
            || (_file ?? HoldingEngine.FileOf(description, sharesBlocks, this, out why)) is not { } file
            || !_engine.TryHold(file, description, out why))
        {
            return why;
        }

        bool isNew;
        using (_saying.Enter())
        {
            isNew = _file is null;
            Volatile.Write(ref _file, file);
            _isHeld = true;
        }

        if (isNew)
        {
            _seat.MoveEpoch();
            if (_seat.Arbiter.LeasesInForce.Count > 0)
            {
                file.Hold(FileRange.Whole);
            }
        }

        return null;
    }

    /// <summary>
    /// Looks for a moment at which nobody else has the file open, or nobody for writing. Whoever opens it from when it was marked is asked,
    /// so nobody is left who changes it without.
    /// </summary>
    private Arming Prove(GuardedFile file, int milliseconds)
    {
        if (_seat.Arbiter.SoleDescription() is not { } own)
        {
            return Say(HoldingWords.OpenTwice, isBusy: false);
        }

        // Who opens and closes the file all the time has it closed for a moment the more often the less he waits. Where bytes are held
        // he has to be asked.
        using ProofSearch search = new(file, own.Description, suspends: milliseconds > 0 && !file.IsHeld);
        long end = Environment.TickCount64 + milliseconds;
        for (int look = 1; look == 1 || Environment.TickCount64 < end; look++)
        {
            if (TryProve(file, search, readersToo: true))
            {
                return default;
            }

            if (look % LooksInARow == 0)
            {
                Nanosleep.For(Rest); // Who is woken by the end of it meets the others where they happen to be.
            }
        }

        return !own.IsWritable && TryProve(file, search, readersToo: false)
            ? default
            : Say(HoldingWords.Busy(readersToo: own.IsWritable), isBusy: true);
    }

    private bool TryProve(GuardedFile file, ProofSearch search, bool readersToo)
    {
        bool hadProof;
        long maps = Volatile.Read(ref _maps);
        if (!search.TryFind(readersToo))
        {
            return false;
        }

        using (_saying.Enter())
        {
            if (maps != _maps || !_isHeld)
            {
                file.SetHasWriters();
                return false;
            }

            hadProof = _hasProof;
            _hasProof = true;
            SetLevel(readersToo ? HoldingWords.Proved : HoldingWords.NoWriters, null);
        }

        if (!hadProof)
        {
            _seat.Arbiter.PartyOf<FileWitness>()?.Covered();
        }

        return true;
    }

    private Arming Say(string why, bool isBusy)
    {
        using (_saying.Enter())
        {
            if (!_hasProof)
            {
                SetLevel(null, why);
            }
        }

        return new Arming(why, isBusy);
    }

    /// <summary>Under the gate of what is said: those who log hear of it in this order, on threads of their own.</summary>
    private void SetLevel(Protection? level, string? missing)
    {
        Protection before = _seat.Arbiter.Protection;
        _seat.SetLevel(level, missing);
        Protection now = _seat.Arbiter.Protection;
        if (before.Level != now.Level && _seat.Arbiter.WatchedPath is { } path)
        {
            _reports.ReportLevel(path, before, now);
        }
    }

    /// <summary>What came of it.</summary>
    /// <param name="Missing">Why it is not proven; null where it is.</param>
    /// <param name="IsBusy">Whether that is since somebody has the file open.</param>
    internal readonly record struct Arming(string? Missing, bool IsBusy);

    private sealed class NothingHeld : IDisposable
    {
        internal static NothingHeld Instance { get; } = new();

        public void Dispose()
        {
        }
    }
}
