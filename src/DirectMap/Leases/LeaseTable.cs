using DirectMap.Diagnostics;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The leases and breakers of one file: the state machine of the coordinator. Invariants; each has tests that fail when it is broken
/// (LeaseInvariantTests says which):
/// <list type="number">
/// <item>While a breaker is running, no lease of another owner that its range touches is in force.</item>
/// <item>No two running breakers touch the same byte; of those that do, the one that arrived first runs first. Except that operations under
/// a held right (<see cref="Breaker.Covers"/>) run before those that wait for it.</item>
/// <item>A lease goes Active -> Breaking -> Revoked or Released, or Active -> Released, and nowhere else; its holder is told once, when
/// it becomes Breaking.</item>
/// <item>The deadline is fixed when the lease becomes Breaking. Later breakers share it.</item>
/// <item>No lease is granted on a range that an unfinished breaker or a broken lease touches.</item>
/// <item>A lease that is revoked is in force until its Revoke has returned: accesses fail and pages are gone before
/// the breaker goes on.</item>
/// <item>No user code runs while the gate is held. (Completing a task here is not user code: every source runs its
/// continuations asynchronously.)</item>
/// <item>While an exclusive lease is in force, no lease of another owner that touches it is, and no breaker of another owner begins a
/// break or waits there.</item>
/// <item>Nobody waits for himself: neither an owner for its own lease that is being broken, nor for a right that it holds, nor two holders
/// for each other's upgrade.</item>
/// <item>A lease or a right whose handle was collected ends.</item>
/// <item>Whoever waits watches one thing that is in its way, and is looked at again when that has gone; and who was freed is looked at in
/// the order of arrival, breakers before requests.</item>
/// </list>
/// An empty table is kept for the next lease on its file, until the coordinator has too many of them: then it is retired, taken out of the
/// coordinator and never used again.
/// <para>
/// One gate guards everything here. What must happen outside of it (telling holders, revoking, setting a timer) is decided under it, and
/// done after it is left; between the two anything may happen, which InterleavingTests go through.
/// </para>
/// </summary>
internal sealed partial class LeaseTable : IOverdue, IRevoking
{
    /// <summary>What the user knows a lease as.</summary>
    private const string LeaseName = $"{nameof(DirectMap)}.{nameof(ILayoutLease)}";

    private readonly LeaseServices _services;
    private Gate _gate;
    private LeaseIndex _active;
    private LeaseIndex _breaking;
    private SpareTethers _tethers;
    private long _granted;
    private long _ended;
    private int _exclusive; // leases in force that are
    private bool _retired;

    internal LeaseTable(LeaseServices services, FileId file)
    {
        _services = services;
        File = file;
    }

    public FileId File { get; }

    internal LeaseServices Services => _services;

    /// <summary>How many leases are in force; without the gate, so some may have been granted or have ended meanwhile.</summary>
    internal long LeasesInForce
    {
        get
        {
            long ended = Volatile.Read(ref _ended); // First: so they are never more than were granted.
            return Volatile.Read(ref _granted) - ended;
        }
    }

    private bool IsEmpty => _active.IsEmpty && _breaking.IsEmpty && !HasBreakers && _requests.Count == 0;

    /// <summary>Grants a lease, or queues a waiter. False: the table is retired.</summary>
    internal bool TryAcquire(LeaseRequest request, out LayoutLease? lease, out LeaseWaiter? waiter)
    {
        lease = null;
        waiter = null;
        long now = _services.Clock.Now;
        Origin? origin = _services.CaptureOrigin();
        LeaseConflictException? refused;
        using (EnterGate())
        {
            if (_retired)
            {
                return false;
            }

            if (IsEmpty || ObstacleOfUnsynchronized(request) is null)
            {
                lease = GrantUnsynchronized(request, now, origin);
                return true;
            }

            refused = RefusalUnsynchronized(request);
            if (refused is null)
            {
                waiter = new LeaseWaiter(request, now, origin);
                WaitUnsynchronized(waiter);
                return true;
            }
        }

        throw refused; // With the gate left: a filter of the caller's runs before this frame is unwound, and may ask for leases.
    }

    /// <summary>Makes the lease exclusive (null), or queues a waiter.</summary>
    internal LeaseWaiter? Upgrade(LeaseRecord record, bool wait)
    {
        long now = _services.Clock.Now;
        using (EnterGate())
        {
            ThrowIfEnded(record);
            if (record.Mode == LeaseMode.Exclusive)
            {
                return null;
            }

            if (record.State == LeaseState.Breaking)
            {
                throw new LeaseConflictException
                {
                    Conflict = wait ? LeaseConflict.Deadlock : LeaseConflict.WouldBlock,
                    Detail = $"An upgrade of the lease of {record}: it is being broken",
                    Break = record.Break
                };
            }

            if (ObstacleOfUpgradeUnsynchronized(record) is null)
            {
                UpgradeUnsynchronized(record);
                return null;
            }

            if (!wait)
            {
                throw new LeaseConflictException
                {
                    Conflict = LeaseConflict.WouldBlock,
                    Detail = $"An upgrade of the lease of {record}: others hold leases on the same bytes",
                    Break = BreakOnUnsynchronized(record.Range)
                };
            }

            if (UserCode.IsRunningHere)
            {
                throw new LeaseConflictException
                {
                    Conflict = LeaseConflict.Deadlock,
                    Detail = $"An upgrade of the lease of {record}: a break callback cannot wait for it"
                };
            }

            // Each would wait for the other's lease, which it holds while it waits.
            if (_upgrades.Exists(other => other.Upgraded!.Owner != record.Owner && other.Range.Overlaps(record.Range)))
            {
                throw new LeaseConflictException
                {
                    Conflict = LeaseConflict.Deadlock,
                    Detail = $"An upgrade of the lease of {record}: another holder on the same bytes waits to upgrade, too"
                };
            }

            LeaseWaiter waiter = new(record, now);
            WaitUnsynchronized(waiter);
            return waiter;
        }
    }

    internal void Downgrade(LeaseRecord record)
    {
        using (EnterGate())
        {
            ThrowIfEnded(record);
            if (record.Mode == LeaseMode.Exclusive)
            {
                record.Mode = LeaseMode.Shared;
                _exclusive--;
                FreeUnsynchronized(record);
                AdvanceUnsynchronized();
            }
        }
    }

    /// <summary>
    /// The holder lets go. Idempotent. True: of a lease that was being broken, and <see cref="MeasureLetGo"/> is to be called.
    /// </summary>
    internal bool Release(LeaseRecord record, LayoutLease handle)
    {
        using (EnterGate())
        {
            _tethers.Detach(ref handle.Tether);
            return EndUnsynchronized(record, LeaseState.Released);
        }
    }

    /// <summary>Tells those who watch.</summary>
    internal void MeasureLetGo(LeaseRecord record) => _services.Events.HolderLetGo(Describe(record));

    /// <summary>
    /// The handle was collected: nobody can reach what lives under the lease, which is invalidated all the same before the lease goes.
    /// </summary>
    internal void Abandon(LeaseRecord record)
    {
        try
        {
            if (record.IsInForce)
            {
                if (record.Mapped.Length == 0)
                {
                    record.Origin?.Report(DiagnosticKind.LeaseNotReleased, $"lease of {record} on {record.Range} of {File}");
                }

                record.Revoke?.Invoke(record.Break);
            }
        }
        catch (Exception)
        {
            // On the finalizer's thread an exception would end the process; what could not be invalidated has no user left.
        }

        bool wasBroken;
        using (EnterGate())
        {
            wasBroken = EndUnsynchronized(record, LeaseState.Released);
        }

        if (wasBroken)
        {
            MeasureLetGo(record);
        }
    }

    /// <summary>The request gives up waiting. False: it is granted, or has failed, already.</summary>
    internal bool TryWithdraw(LeaseWaiter waiter)
    {
        using (EnterGate())
        {
            return RemoveUnsynchronized(waiter);
        }
    }

    /// <summary>Takes the table out of use if it is empty.</summary>
    internal bool TryRetire()
    {
        using (EnterGate())
        {
            if (!_retired && IsEmpty)
            {
                _retired = true;
                _tethers.Retire();
                return true;
            }

            return false;
        }
    }

    /// <summary>Runs what concerns a lease's handle under the gate that the lease's state is changed under.</summary>
    internal Gate.Entered EnterGate() => _gate.Enter();

    private static void ThrowIfEnded(LeaseRecord record)
    {
        if (!record.IsInForce)
        {
            throw new ObjectDisposedException(
                LeaseName, $"The lease of {record} on {record.Range} was {record.State.ToString().ToLowerInvariant()}.");
        }
    }

    /// <summary>Why a request cannot wait; null where it can.</summary>
    private LeaseConflictException? RefusalUnsynchronized(LeaseRequest request)
    {
        string what = $"A lease for {request.Holder ?? request.Range.ToString()}";
        if (WaitsForItselfUnsynchronized(request.Owner, request.Range, breaker: null))
        {
            return new LeaseConflictException
            {
                Conflict = LeaseConflict.Deadlock,
                Detail = $"{what}: the same owner holds the right to change the layout that it would have to wait for; give that back first"
            };
        }

        if (request.WhenUnavailable == WhenUnavailable.Refuse)
        {
            string why = PendingBreakOnUnsynchronized(request.Range) is not null ? "a break is pending" : "leases of others exclude it";
            LeaseBreak? pending = BreakOnUnsynchronized(request.Range);
            string when = pending?.Deadline is { } deadline ? $" at {deadline:O} at the latest" : " when that is over";
            return new LeaseConflictException
            {
                Conflict = LeaseConflict.WouldBlock,
                Detail = $"{what}: {why}; wait for it (WhenUnavailable.Wait), or try again{when}",
                Break = pending
            };
        }

        return UserCode.IsRunningHere
            ? new LeaseConflictException
            {
                Conflict = LeaseConflict.Deadlock,
                Detail = $"{what}: a break callback cannot wait for it"
            }
            : null;
    }

    private LayoutLease GrantUnsynchronized(LeaseRequest request, long now, Origin? origin)
    {
        AssertMayBeGranted(request);
        LeaseRecord record = new(request, now, origin) { Number = ++_granted };
        LayoutLease lease = new(this, record, request.OnBreak);
        record.Tether = _tethers.Attach(lease, ref lease.Tether);
        if (record.Mode == LeaseMode.Exclusive)
        {
            _exclusive++;
        }

        _active.Add(record);
        return lease;
    }

    private void UpgradeUnsynchronized(LeaseRecord record)
    {
        if (record.Mode != LeaseMode.Exclusive)
        {
            record.Mode = LeaseMode.Exclusive;
            _exclusive++;
        }
    }

    /// <returns>Whether it was a broken lease that has ended by this.</returns>
    private bool EndUnsynchronized(LeaseRecord record, LeaseState state)
    {
        if (!record.IsInForce)
        {
            return false;
        }

        bool wasBroken = record.State == LeaseState.Breaking;
        if (!wasBroken)
        {
            _active.Remove(record);
        }
        else
        {
            _breaking.Remove(record);
            LeaveBreakUnsynchronized(record);
        }

        if (record.Mode == LeaseMode.Exclusive)
        {
            _exclusive--;
        }

        _ended++;
        record.State = state;
        record.Tether = null;
        record.Awaited = null;
        if (_upgrades.Count != 0)
        {
            FailUpgradesUnsynchronized(
                record,
                static lease => new ObjectDisposedException(
                    LeaseName, $"The lease of {lease} on {lease.Range} ended while it waited to be upgraded."));
        }

        FreeUnsynchronized(record);
        AdvanceUnsynchronized();
        AssertCounts();
        return wasBroken;
    }

    private LeaseBreak? BreakOnUnsynchronized(FileRange range) => _breaking.Find(LeaseFilter.Touching(range))?.Break;
}
