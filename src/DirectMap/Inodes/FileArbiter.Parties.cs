using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <content>Who the parties are, and what they vouch for.</content>
internal sealed partial class FileArbiter
{
    private const string Waived =
        $"; the file is somebody else's, and {nameof(DirectFileOptions.LeasesWithoutOwnership)} waives the kernel's rule, so no other "
            + "process may be made to wait";

    private static readonly Protection s_ordinary = new(ProtectionLevel.None, "an ordinary mapping holds no lease");

    private static readonly Protection s_unwanted = new(
        ProtectionLevel.ThisProcess, $"{Unnoticed}; the file was opened with {nameof(GuardOptions)}.{nameof(GuardOptions.None)}");

    private readonly UninterruptedLock _gate = new();
    private readonly HashSet<WeakReference<OutsideNotifier>> _notifiers = [];
    private int _forgettingAt = 16; // so many notifiers, at which those of forgotten regions are taken out
    private Protection _protection = Unwatched; // written under the gate
    private readonly HashSet<TaskCompletionSource> _waiters = []; // for the next change of the protection
    private TaskCompletionSource? _letGo; // made when there is anybody to be let go
    private string? _watchedPath;
    private Inode? _inode; // null where only leases are arbitrated
    private FileArbiter? _former;
    private bool _isClosed;

    /// <summary>
    /// By what path the first opener came who wants to hear of those who do not ask; null: nobody. It is no party's: parties are made when
    /// the first lease or right is wanted, which may have to wait for those of before.
    /// </summary>
    internal string? WatchedPath => Volatile.Read(ref _watchedPath);

    /// <summary>Somebody wants to hear of those who do not ask, and has opened the file by a path.</summary>
    internal void WantWatch(string path) => Interlocked.CompareExchange(ref _watchedPath, path, null);

    /// <summary>What a lease on the inode protects from now.</summary>
    internal Protection Protection => Volatile.Read(ref _protection);

    /// <summary>
    /// The same, of a region: nothing is vouched for where it has no lease, or wants none of it; and where it holds the lease by the waiver
    /// only, no other process may be made to wait by it.
    /// </summary>
    internal Protection ProtectionOf(bool isDirect, bool isWaived, GuardOptions guard)
    {
        if (!isDirect)
        {
            return s_ordinary;
        }

        if (guard.Demand == GuardDemand.None)
        {
            return s_unwanted;
        }

        Protection protection = Protection;
        return !isWaived ? protection : protection with
        {
            Level = protection.Level > ProtectionLevel.Watched ? ProtectionLevel.Watched : protection.Level,
            Reason = protection.Reason + Waived,
        };
    }

    /// <summary>Has a waiter completed when the protection changes, unless it is removed before.</summary>
    internal void AddWaiter(TaskCompletionSource waiter)
    {
        using (_gate.Enter())
        {
            _ = _waiters.Add(waiter);
        }
    }

    internal void RemoveWaiter(TaskCompletionSource waiter)
    {
        using (_gate.Enter())
        {
            _ = _waiters.Remove(waiter);
        }
    }

    /// <summary>The party of a kind, which is made if there was nobody to ask it yet; null for none, or when the inode is closed.</summary>
    internal T? PartyOf<T>()
        where T : class, IOutsideParty
    {
        foreach (OutsideSeat seat in Seats())
        {
            if (seat.Party is T party)
            {
                return party;
            }
        }

        return null;
    }

    /// <summary>The party of a kind, which is added where there is none; null when the inode is closed.</summary>
    /// <inheritdoc cref="Attach(PartyMaker)"/>
    internal T? PartyOf<T>(PartyMaker maker)
        where T : class, IOutsideParty
    {
        Attach(maker, static party => party is T);
        return PartyOf<T>();
    }

    /// <summary>
    /// Adds a party behind those that are there. It is asked for each lease and right that is wanted from now on; and where there was a
    /// party before, for a lease that is about to be granted, which begins anew. Of what is held already it knows nothing.
    /// </summary>
    internal void Attach(PartyMaker maker) => Attach(maker, static _ => false);

    private void Attach(PartyMaker maker, Predicate<IOutsideParty> isThere)
    {
        OutsideSeat[] before = Seats();
        AwaitFormer();
        OutsideSeat seat = Make(maker);
        while (!Array.Exists(before, one => isThere(one.Party)))
        {
            if (TryReplace(before, [.. before, seat]))
            {
                Array.ForEach(before, static one => one.MoveEpoch());
                return;
            }

            before = Seats();
        }
    }

    /// <summary>Before anybody can open the inode anew.</summary>
    /// <returns>Whether there is anybody to be let go when it is closed.</returns>
    internal bool BeginClose()
    {
        if (TakenSeats.Length == 0)
        {
            return false;
        }

        _letGo = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    /// <summary>
    /// Before anybody asks: whose it is. Where the same inode was open before, its parties may not have been let go yet. They are, before
    /// others are made, so that no party is asked for one inode twice.
    /// </summary>
    internal void Belong(Inode inode, FileArbiter? former)
    {
        _inode = inode;
        _former = former;
    }

    /// <summary>Keeps the inode open, unless it is closed.</summary>
    internal KeptInode KeepInode() => _inode is { } inode && inode.TryAddReference() ? new KeptInode(inode) : default;

    /// <summary>The inode is closed: the parties are let go. What they vouched for ends, and nobody hears of it.</summary>
    internal void Close()
    {
        OutsideSeat[] seats;
        using (_gate.Enter())
        {
            Debug.Assert(!_isClosed, "an inode is closed twice");
            seats = TakenSeats;
            _seats = null;
            _isClosed = true;
            _notifiers.Clear();
            Volatile.Write(ref _protection, Unwatched);
        }

        foreach (OutsideSeat seat in seats.Reverse())
        {
            try
            {
                seat.Party.Detach();
            }
            catch (Exception exception)
            {
                UserCode.Report(exception, coordinator.ReportCallbackFailure); // Against its promise.
            }
        }

        _letGo?.Complete();
    }

    /// <summary>Tells a region's handlers of changes from now on, until it is collected or removed.</summary>
    internal void Add(OutsideNotifier notifier)
    {
        using (_gate.Enter())
        {
            if (_isClosed)
            {
                return;
            }

            if (_notifiers.Count >= _forgettingAt)
            {
                _ = _notifiers.RemoveWhere(static one => !one.TryGetTarget(out _));
                _forgettingAt = Math.Max(_forgettingAt, 2 * _notifiers.Count);
            }

            _ = _notifiers.Add(notifier.Itself);
        }
    }

    internal void Remove(OutsideNotifier notifier)
    {
        using (_gate.Enter())
        {
            _ = _notifiers.Remove(notifier.Itself);
        }
    }

    /// <summary>For <see cref="OutsideSeat"/>.</summary>
    internal void SetLevel(OutsideSeat seat, Protection? level, string? missing)
    {
        List<Action> begins = [];
        using (_gate.Enter())
        {
            if (_isClosed)
            {
                return;
            }

            seat.Protection = level;
            seat.Missing = missing;
            StateUnsynchronized(begins);
        }

        begins.ForEach(static begin => begin());
    }

    /// <summary>For <see cref="OutsideSeat"/>: tells everybody who uses the inode.</summary>
    internal void Tell(OutsideNotice notice)
    {
        List<Action> begins = [];
        using (_gate.Enter())
        {
            EnqueueUnsynchronized(notice, begins);
        }

        begins.ForEach(static begin => begin());
    }

    private OutsideSeat[] TakenSeats => ReferenceEquals(_seats, s_unasked) ? [] : _seats ?? [];

    /// <summary>Those who are asked, in this order; none where there are none, or the inode is closed.</summary>
    private OutsideSeat[] Seats()
    {
        OutsideSeat[]? seats = Volatile.Read(ref _seats);
        if (!ReferenceEquals(seats, s_unasked))
        {
            return seats ?? [];
        }

        AwaitFormer();
        GateWatch.AssertNoneHeld();
        _ = TryReplace(s_unasked, [.. makers!.Select(Make)]); // Or another thread's.
        return Volatile.Read(ref _seats) ?? [];
    }

    private void AwaitFormer()
    {
        if (Volatile.Read(ref _former) is { } former)
        {
            GateWatch.AssertNoneHeld();
            Uninterrupted.Wait(former._letGo!.Task); // Not for long: to let a party go waits for nobody.
            Volatile.Write(ref _former, null);
        }
    }

    private OutsideSeat Make(PartyMaker maker)
    {
        OutsideSeat seat = new(this);
        seat.Party = maker(seat);
        return seat;
    }

    private bool TryReplace(OutsideSeat[] before, OutsideSeat[] seats)
    {
        List<Action> begins = [];
        using (_gate.Enter())
        {
            if (_isClosed || (_seats is { } there && !ReferenceEquals(there, before)))
            {
                return _isClosed;
            }

            Volatile.Write(ref _seats, seats);
            StateUnsynchronized(begins);
        }

        begins.ForEach(static begin => begin());
        return true;
    }

    /// <summary>Finds what the inode is protected from, and queues a change for those who want to hear of it.</summary>
    private void StateUnsynchronized(List<Action> begins)
    {
        Protection now = StrongestOf(TakenSeats);
        Debug.Assert(now.Level >= Unwatched.Level, "7: a lease would protect from less than it does without a party");
        if (now == _protection)
        {
            return;
        }

        Volatile.Write(ref _protection, now);
        EnqueueUnsynchronized(new OutsideNotice(now), begins);
        foreach (TaskCompletionSource waiter in _waiters)
        {
            waiter.Complete();
        }

        _waiters.Clear();
    }

    private void EnqueueUnsynchronized(OutsideNotice notice, List<Action> begins)
    {
        foreach (WeakReference<OutsideNotifier> one in _notifiers)
        {
            if (one.TryGetTarget(out OutsideNotifier? notifier) && notifier.Enqueue(notice) is { } begin)
            {
                begins.Add(begin);
            }
        }
    }

    private static Protection StrongestOf(OutsideSeat[] seats)
    {
        Protection? strongest = null;
        foreach (OutsideSeat seat in seats)
        {
            if (seat.Protection is { } one && one.Level >= Unwatched.Level && (strongest is null || one.Level > strongest.Level))
            {
                strongest = one;
            }
        }

        strongest ??= Unwatched;
        return Array.Find(seats, static seat => seat.Missing is not null)?.Missing is { } missing
            ? strongest with { Reason = $"{strongest.Reason}; it is not more, since {missing}" }
            : strongest;
    }
}
