using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <content>Who the parties are, and what they vouch for.</content>
internal sealed partial class FileArbiter
{
    private static readonly Known s_unwatched = new(Unwatched);

    private readonly UninterruptedLock _gate = new();
    private readonly List<WeakReference<ProtectionNotifier>> _notifiers = [];
    private Known _protection = s_unwatched; // written under the gate
    private TaskCompletionSource? _letGo; // made when there is anybody to be let go
    private Inode? _inode; // null where only leases are arbitrated
    private FileArbiter? _former;
    private bool _isClosed;

    /// <summary>What a lease on the inode protects from now.</summary>
    internal Stated<ProtectionLevel> Protection => Volatile.Read(ref _protection).Value;

    /// <summary>The same, of a region: where it has no lease, or holds it by the waiver only, nobody outside has a say.</summary>
    internal Stated<ProtectionLevel> ProtectionOf(bool isDirect, bool isWaived) => (isDirect, isWaived) switch
    {
        (false, _) => new Stated<ProtectionLevel>(ProtectionLevel.None, "an ordinary mapping holds no lease"),
        (true, false) => Protection,
        (true, true) => new Stated<ProtectionLevel>(
            ProtectionLevel.ThisProcess,
            $"{Unnoticed}; the file is somebody else's, and {nameof(DirectFileOptions.LeasesWithoutOwnership)} waives the kernel's rule, "
                + "so no other process may be made to wait"),
    };

    /// <summary>
    /// Adds a party behind those that are there. It is asked for each lease and right that is wanted from now on; of what is held or wanted
    /// already it knows nothing. So whoever is to know of everything comes with the inode's binding.
    /// </summary>
    internal void Attach(PartyMaker maker)
    {
        OutsideSeat[] before = Seats();
        AwaitFormer();
        OutsideSeat seat = Make(maker);
        while (!TryReplace(before, [.. before, seat]))
        {
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
            Volatile.Write(ref _protection, s_unwatched);
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
    internal void Add(ProtectionNotifier notifier)
    {
        using (_gate.Enter())
        {
            _ = _notifiers.RemoveAll(static one => !one.TryGetTarget(out _));
            if (!_isClosed)
            {
                _notifiers.Add(new WeakReference<ProtectionNotifier>(notifier));
            }
        }
    }

    internal void Remove(ProtectionNotifier notifier)
    {
        using (_gate.Enter())
        {
            _ = _notifiers.RemoveAll(one => !one.TryGetTarget(out ProtectionNotifier? other) || ReferenceEquals(other, notifier));
        }
    }

    /// <summary>For <see cref="OutsideSeat"/>.</summary>
    internal void SetLevel(OutsideSeat seat, Stated<ProtectionLevel> level)
    {
        List<ProtectionNotifier> begins = [];
        using (_gate.Enter())
        {
            if (_isClosed)
            {
                return;
            }

            seat.Level = level;
            StateUnsynchronized(begins);
        }

        begins.ForEach(static notifier => notifier.Begin());
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
        List<ProtectionNotifier> begins = [];
        using (_gate.Enter())
        {
            if (_isClosed || (_seats is { } there && !ReferenceEquals(there, before)))
            {
                return _isClosed;
            }

            Volatile.Write(ref _seats, seats);
            StateUnsynchronized(begins);
        }

        begins.ForEach(static notifier => notifier.Begin());
        return true;
    }

    /// <summary>Finds what the inode is protected from, and queues a change for those who want to hear of it.</summary>
    private void StateUnsynchronized(List<ProtectionNotifier> begins)
    {
        Stated<ProtectionLevel> now = StrongestOf(TakenSeats);
        Debug.Assert(now.Value >= Unwatched.Value, "7: a lease would protect from less than it does without a party");
        if (now == _protection.Value)
        {
            return;
        }

        Volatile.Write(ref _protection, new Known(now));
        foreach (WeakReference<ProtectionNotifier> one in _notifiers)
        {
            if (one.TryGetTarget(out ProtectionNotifier? notifier) && notifier.Enqueue(now))
            {
                begins.Add(notifier);
            }
        }
    }

    private static Stated<ProtectionLevel> StrongestOf(OutsideSeat[] seats)
    {
        Stated<ProtectionLevel>? strongest = null;
        foreach (OutsideSeat seat in seats)
        {
            if (seat.Level.Value >= Unwatched.Value && (strongest is not { } other || seat.Level.Value > other.Value))
            {
                strongest = seat.Level;
            }
        }

        return strongest ?? Unwatched;
    }

    /// <summary>What is read without a lock: a reference, since the value is two words.</summary>
    private sealed record Known(Stated<ProtectionLevel> Value);
}
