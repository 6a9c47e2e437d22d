using System.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <content>Who the parties are, and what they vouch for.</content>
internal sealed partial class FileArbiter
{
    private static readonly Known s_unwatched = new(Unwatched);

    private readonly UninterruptedLock _gate = new();
    private readonly List<WeakReference<ProtectionTeller>> _tellers = [];
    private Known _protection = s_unwatched; // written under the gate
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
        OutsideSeat seat = Make(maker);
        while (!TryReplace(before, [.. before, seat]))
        {
            before = Seats();
        }
    }

    /// <summary>The inode is closed: the parties are let go.</summary>
    internal void Close()
    {
        OutsideSeat[] seats;
        using (_gate.Enter())
        {
            Debug.Assert(!_isClosed, "an inode is closed twice");
            seats = TakenSeats;
            _seats = null;
            _isClosed = true;
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
    }

    /// <summary>Tells a region's handlers of changes from now on, until it is collected or removed.</summary>
    internal void Add(ProtectionTeller teller)
    {
        using (_gate.Enter())
        {
            _ = _tellers.RemoveAll(static one => !one.TryGetTarget(out _));
            _tellers.Add(new WeakReference<ProtectionTeller>(teller));
        }
    }

    internal void Remove(ProtectionTeller teller)
    {
        using (_gate.Enter())
        {
            _ = _tellers.RemoveAll(one => !one.TryGetTarget(out ProtectionTeller? other) || ReferenceEquals(other, teller));
        }
    }

    /// <summary>For <see cref="OutsideSeat"/>.</summary>
    internal void Tell(OutsideSeat seat, Stated<ProtectionLevel> level)
    {
        List<ProtectionTeller> begins = [];
        using (_gate.Enter())
        {
            seat.Level = level;
            StateUnsynchronized(begins);
        }

        begins.ForEach(static teller => teller.Begin());
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

        GateWatch.AssertNoneHeld();
        _ = TryReplace(s_unasked, [.. makers!.Select(Make)]); // Or another thread's.
        return Volatile.Read(ref _seats) ?? [];
    }

    private OutsideSeat Make(PartyMaker maker)
    {
        OutsideSeat seat = new(this);
        seat.Party = maker(seat);
        return seat;
    }

    private bool TryReplace(OutsideSeat[] before, OutsideSeat[] seats)
    {
        List<ProtectionTeller> begins = [];
        using (_gate.Enter())
        {
            if (_isClosed || (_seats is { } there && !ReferenceEquals(there, before)))
            {
                return _isClosed;
            }

            Volatile.Write(ref _seats, seats);
            StateUnsynchronized(begins);
        }

        begins.ForEach(static teller => teller.Begin());
        return true;
    }

    /// <summary>Finds what the inode is protected from, and queues a change for those who want to hear of it.</summary>
    private void StateUnsynchronized(List<ProtectionTeller> begins)
    {
        Stated<ProtectionLevel> now = StrongestOf(TakenSeats);
        if (now == _protection.Value)
        {
            return;
        }

        Volatile.Write(ref _protection, new Known(now));
        foreach (WeakReference<ProtectionTeller> one in _tellers)
        {
            if (one.TryGetTarget(out ProtectionTeller? teller) && teller.Enqueue(now))
            {
                begins.Add(teller);
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
