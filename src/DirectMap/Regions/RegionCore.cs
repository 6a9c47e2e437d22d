using System.Runtime.ConstrainedExecution;
using DirectMap.Diagnostics;
using DirectMap.Durability;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Telemetry;
using DirectMap.Threading;

namespace DirectMap.Regions;

/// <summary>
/// What a region consists of. It is finalizable, and whoever may still be inside an access keeps it alive; so the address range is given
/// back only when no thread can be in it. Critical, so that finalizers of the user's that still use the region run before. It lets go of
/// the lease itself, since a coordinator of the user's may give leases without a finalizer; the inode's reference has its own.
/// </summary>
internal sealed partial class RegionCore : CriticalFinalizerObject
{
    private readonly ILeaseCoordinator _coordinator;
    private readonly RegionLease _lease;
    private readonly InodeReference _inode;
    private readonly RegionFaults _faults;
    private readonly FailureWatch _failures;
    private volatile bool _letGo;

    /// <param name="mapping">Where the file is mapped; goes with this.</param>
    /// <param name="lease">What it is mapped under; goes with this.</param>
    /// <param name="inode">The file; goes with this.</param>
    /// <param name="facts">What does not change about it.</param>
    /// <param name="faults">What it does about faults.</param>
    /// <param name="events">Who is told.</param>
    internal RegionCore(
        RegionMapping mapping, RegionLease lease, InodeReference inode, RegionFacts facts, RegionFaults faults, FileEvents events)
    {
        Mapping = mapping;
        Facts = facts;
        _lease = lease;
        _inode = inode;
        _faults = faults;
        _coordinator = inode.Inode.Coordinator;
        Journal = lease.Origin is null ? null : new ScopeJournal(_coordinator);
        _failures = new FailureWatch(inode.Inode.Id, inode.Inode.Syncs, events);
        Events = new RegionEvents(events, facts.Path, facts.Range);
        _folios = LargeFolios.Of(mapping, facts);
        IsGuarded = faults.AreGuarded;
        CopiesBySystemCall = facts.Containment.Value == ContainmentKind.Copies;
        if (mapping.IsCooperative)
        {
            mapping.SetScoped(this);
        }
    }

    ~RegionCore()
    {
        if (!_letGo)
        {
            _lease.Origin?.Report(DiagnosticKind.RegionNotDisposed, $"region {Facts.Range} of '{Facts.Path}'");
        }

        Journal?.ReportLeftOpen(ofDeadThreadsOnly: false);
        Mapping.Unmap();
        try
        {
            Lease.Dispose();
        }
        catch (Exception)
        {
            // A coordinator of the user's own may throw; on the finalizer's thread that would end the process.
        }
    }

    internal RegionMapping Mapping { get; }

    internal RegionFacts Facts { get; }

    /// <summary>Where the file's bytes have addresses.</summary>
    internal MappedAddresses Addresses => _inode.Inode.Addresses;

    internal ILayoutLease Lease => _lease.Held;

    /// <summary>Those who log, measure and trace.</summary>
    internal RegionEvents Events { get; }

    /// <summary>The open scopes; in diagnostic mode only.</summary>
    internal ScopeJournal? Journal { get; }

    /// <summary>Whether open scopes are noted.</summary>
    internal bool IsDiagnosed => Journal is not null;

    /// <summary>Whether each access has to be judged before it is made.</summary>
    internal bool IsGuarded { get; }

    /// <summary>Whether copies have to be made by system calls, since nothing else reports a fault in them.</summary>
    internal bool CopiesBySystemCall { get; }

    /// <summary>Whether accesses take the slow way, judged or counted.</summary>
    internal bool IsSlow => IsGuarded || Mapping.IsCooperative;

    internal RegionState State => Life switch
    {
        MappingLife.Disposed => RegionState.Disposed,
        MappingLife.Revoked => RegionState.Revoked,
        _ when IsFaulted => RegionState.Faulted,
        MappingLife.Releasing => RegionState.Releasing,
        _ => Lease.State == LeaseState.Breaking ? RegionState.Breaking : RegionState.Active,
    };

    private MappingLife Life
    {
        get
        {
            MappingLife word = Mapping.Life;
            GC.KeepAlive(this); // The finalizer frees the word.
            return word;
        }
    }

    /// <summary>Lets go at once; open scopes learn of it when they complete.</summary>
    internal void Dispose()
    {
        _letGo = true;
        Ending.End();
        Journal?.ReportLeftOpen(ofDeadThreadsOnly: true);
        try
        {
            Mapping.Invalidate(MappingLife.Disposed);
        }
        catch (IOException exception)
        {
            Events.PagesNotReplaced(exception);

            // The file's pages are still there, so the lease must stay: a breaker is told so at the deadline, and the finalizer unmaps and
            // lets go. Thrown from Dispose it would hide what the user's code threw.
            return;
        }

        AssertIsGone();
        Lease.Dispose();
        _inode.Dispose();
        Events.Released();
    }

    /// <summary>A scope was opened. Returns its number from now on: negative when it is in the journal.</summary>
    internal long NumberOf(ScopeSlot slot, long number, long offset, int length)
    {
        if (Journal is not { } journal)
        {
            return number;
        }

        journal.Opened(slot, number, $"scope of {length} bytes at {offset} of region {Facts.Range} of '{Facts.Path}'");
        return -number;
    }

    /// <summary>What keeps the file mapped while memory of it is handed out; null where nothing has to.</summary>
    internal IDisposable? HoldForMemory() => Mapping.IsCooperative ? new MemoryHold(this) : null;

    /// <summary>
    /// A scope was closed, or memory given back: whoever waits for that, or keeps the file mapped because of it, goes on.
    /// </summary>
    internal void ScopeClosed()
    {
        MappingLife word = Life;
        if (word == MappingLife.Releasing)
        {
            // First, as its gate is the fence: either the release is seen here, or whoever begins it sees the scope closed.
            Mapping.SignalDrain();
            if (Volatile.Read(ref _release) is { } release)
            {
                _ = TryEndRelease(release);
            }

            return;
        }

        if (word == MappingLife.Active || !Mapping.IsCooperative || Mapping.IsDetached)
        {
            return;
        }

        try
        {
            // If it was the scope that kept the file mapped; otherwise whoever detaches it lets the lease go.
            if (Mapping.Invalidate(word))
            {
                Lease.Dispose();
                if (_letGo)
                {
                    _inode.Dispose();
                    Events.Released();
                }
            }
        }
        catch (Exception)
        {
            // Another scope is open, or a coordinator of the user's own throws: the end of a scope must not.
        }
    }

    /// <summary>Says why an access failed whose word was not good. Called after the fact, so it may take its time.</summary>
    /// <param name="range">The bytes of the file.</param>
    /// <param name="access">What was attempted.</param>
    /// <param name="isMade">Whether it may have been made; false where it was only about to be.</param>
    internal Exception Fault(FileRange range, FaultAccess access, bool isMade = true)
    {
        bool mayHaveStored = isMade && access is not (FaultAccess.Read or FaultAccess.Restore);
        return Life switch
        {
            MappingLife.Disposed => new ObjectDisposedException(
                typeof(MappedRegion).FullName,
                $"'{Facts.Path}', bytes {range}: the region was disposed{RegionEnding.AskedFor(Lease)}"
                    + (mayHaveStored ? $"; whether this {access} reached the file is not known." : ".")
                    + (Lease.CurrentBreak is null ? "" : " Map the file again.")),
            MappingLife.Releasing => new ObjectDisposedException(
                typeof(MappedRegion).FullName, $"'{Facts.Path}', bytes {range}: the region is being released and opens no more scopes."),
            _ => Events.Faulted(Ending.Fault(range, access, Lease, _faults.TryGetExtent(range.Offset))),
        };
    }

    /// <summary>Judges an access before it is made; only where <see cref="IsGuarded"/>.</summary>
    /// <exception cref="MappingFaultException">It must not be made.</exception>
    internal void Judge(long offset, long length, FaultAccess access)
    {
        AssertIsGuarded();
        AssertWithin(offset, length);
        FileRange range = new(Facts.Range.Offset + offset, length);
        try
        {
            if (Life <= MappingLife.Releasing)
            {
                _faults.Judge(offset, length, access);
                return;
            }
        }
        catch (ObjectDisposedException) when (Life > MappingLife.Releasing)
        {
            // Disposed meanwhile, and the file with it.
        }
        catch (MappingFaultException fault)
        {
            Events.Faulted(fault);
            throw;
        }

        throw Fault(range, access, isMade: false);
    }

    /// <inheritdoc cref="AppenderClaim.TryTake"/>
    internal int TryClaimAppender(FileRange range, string holder, out IDisposable? claim, out string? otherHolder)
    {
        try
        {
            int errno = AppenderClaim.TryTake(_inode, range, holder, out AppenderClaim? taken, out otherHolder);
            claim = taken;
            return errno;
        }
        catch (ObjectDisposedException)
        {
            throw Gone();
        }
    }

    /// <inheritdoc cref="AppenderClaim.IsTo"/>
    internal bool IsClaimedBy(IDisposable claim, FileRange range) => claim is AppenderClaim taken && taken.IsTo(_inode.Inode, range);

    private int TryGetSize(out long size)
    {
        try
        {
            return _inode.File.TryGetLength(out size);
        }
        catch (ObjectDisposedException)
        {
            size = 0;
            return Errno.EBADF; // Disposed meanwhile: the state word says so too, and is asked next.
        }
    }

    /// <summary>
    /// The first byte from one on that is in no hole (SEEK_DATA); the same one where nobody can say. Both count from
    /// the region's beginning.
    /// </summary>
    internal long NextData(long offset)
    {
        if (Facts.BackingKind != FileBackingKind.Linux)
        {
            return offset;
        }

        int errno = Lseek.TrySeek(_inode.File.Handle, Facts.Range.Offset + offset, Lseek.SEEK_DATA, out long data);
        GC.KeepAlive(this);
        return errno switch
        {
            0 => data - Facts.Range.Offset,
            Errno.ENXIO => Math.Max(offset, Facts.Range.Length),
            _ => offset,
        };
    }
}
