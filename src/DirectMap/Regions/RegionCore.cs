using System.Runtime.ConstrainedExecution;
using DirectMap.Diagnostics;
using DirectMap.Durability;
using DirectMap.Faults;
using DirectMap.Inodes;
using DirectMap.Layout;
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
    private readonly ILayoutLease _lease;
    private readonly InodeReference _inode;
    private readonly IBlockMap? _blockMap;
    private readonly AccessGuard? _guard;
    private readonly FailureWatch _failures;
    private readonly Origin? _origin;
    private volatile bool _letGo;

    internal RegionCore(
        RegionMapping mapping,
        ILayoutLease lease,
        InodeReference inode,
        RegionFacts facts,
        FaultDiagnosis diagnosis,
        IBlockMap? blockMap,
        AccessGuard? guard,
        Action<FileRange>? checkExtents,
        Origin? origin,
        FileEvents events)
    {
        _diagnosis = diagnosis;
        _lostPages = new LostPageFinder(mapping, facts, diagnosis);
        _checkExtents = checkExtents;
        Mapping = mapping;
        Facts = facts;
        _lease = lease;
        _inode = inode;
        _coordinator = inode.Inode.Coordinator;
        _blockMap = blockMap;
        _guard = guard;
        _origin = origin;
        Journal = origin is null ? null : new ScopeJournal(_coordinator);
        _failures = new FailureWatch(inode.Inode.Id, inode.Inode.Syncs, events);
        Events = new RegionEvents(events, facts.Path, facts.Range);
        _folios = LargeFolios.Of(mapping, facts);
        if (mapping.IsCooperative)
        {
            mapping.SetScoped(this);
        }
    }

    ~RegionCore()
    {
        if (!_letGo)
        {
            _origin?.Report(DiagnosticKind.RegionNotDisposed, $"region {Facts.Range} of '{Facts.Path}'");
        }

        Journal?.ReportLeftOpen(ofDeadThreadsOnly: false);
        Mapping.Unmap();
        try
        {
            _lease.Dispose();
        }
        catch (Exception)
        {
            // A coordinator of the user's own may throw; on the finalizer's thread that would end the process.
        }
    }

    internal RegionMapping Mapping { get; }

    internal RegionFacts Facts { get; }

    internal FileBacking Backing => _inode.Inode.Backing;

    /// <summary>Where the file's bytes have addresses.</summary>
    internal MappedAddresses Addresses => _inode.Inode.Addresses;

    internal ILayoutLease Lease => _lease;

    /// <summary>Those who log, measure and trace.</summary>
    internal RegionEvents Events { get; }

    /// <summary>The open scopes; in diagnostic mode only.</summary>
    internal ScopeJournal? Journal { get; }

    /// <summary>Whether each access has to be judged before it is made.</summary>
    internal bool IsGuarded => _guard is not null;

    /// <summary>Whether copies have to be made by system calls, since nothing else reports a fault in them.</summary>
    internal bool CopiesBySystemCall => Facts.Containment.Kind == ContainmentKind.Copies;

    /// <summary>Whether accesses take the slow way, judged or counted.</summary>
    internal bool IsSlow => IsGuarded || Mapping.IsCooperative;

    internal RegionState State => Word switch
    {
        RegionWord.Disposed => RegionState.Disposed,
        RegionWord.Revoked => RegionState.Revoked,
        _ when IsFaulted => RegionState.Faulted,
        RegionWord.Releasing => RegionState.Releasing,
        _ => _lease.State == LeaseState.Breaking ? RegionState.Breaking : RegionState.Active,
    };

    private RegionWord Word
    {
        get
        {
            RegionWord word = Mapping.State;
            GC.KeepAlive(this); // The finalizer frees the word.
            return word;
        }
    }

    /// <summary>Lets go at once; open scopes learn of it when they complete.</summary>
    internal void Dispose()
    {
        _letGo = true;
        Journal?.ReportLeftOpen(ofDeadThreadsOnly: true);
        try
        {
            Mapping.Invalidate(RegionWord.Disposed);
        }
        catch (IOException exception)
        {
            Events.PagesNotReplaced(exception);

            // The file's pages are still there, so the lease must stay: a breaker is told so at the deadline, and the finalizer unmaps and
            // lets go. Thrown from Dispose it would hide what the user's code threw.
            return;
        }

        _lease.Dispose();
        _inode.Dispose();
        Events.Released();
    }

    /// <summary>
    /// A scope was closed, or memory given back: whoever waits for that, or keeps the file mapped because of it, goes on.
    /// </summary>
    internal void ScopeClosed()
    {
        RegionWord word = Word;
        if (word == RegionWord.Releasing)
        {
            // First, as its gate is the fence: either the release is seen here, or whoever begins it sees the scope closed.
            Mapping.SignalDrain();
            if (Volatile.Read(ref _release) is { } release)
            {
                _ = TryEndRelease(release);
            }

            return;
        }

        if (word == RegionWord.Active || !Mapping.IsCooperative || Mapping.IsDetached)
        {
            return;
        }

        try
        {
            // If it was the scope that kept the file mapped; otherwise whoever detaches it lets the lease go.
            if (Mapping.Invalidate(word))
            {
                _lease.Dispose();
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
    internal Exception Fault(FileRange range, FaultAccess access)
    {
        return Word switch
        {
            RegionWord.Disposed => new ObjectDisposedException(
                nameof(MappedRegion),
                $"'{Facts.Path}', bytes {range}: the region was disposed{AskedFor()}; whether this {access} "
                    + "reached the file is not known."),
            RegionWord.Releasing => new ObjectDisposedException(
                nameof(MappedRegion), $"'{Facts.Path}', bytes {range}: the region is being released and opens no more scopes."),
            _ => Events.Faulted(
                new MappingFaultException(Facts.Path, FaultCause.Revoked, access, range, _lease.CurrentBreak, TryGetExtent(range))),
        };
    }

    /// <summary>Why it may have been disposed, for the message.</summary>
    private string AskedFor() =>
        _lease.CurrentBreak is { } wanted ? $" after {wanted.Operation} of {wanted.Range} by {wanted.Breaker} had asked for the file" : "";

    /// <summary>Judges an access before it is made; only where <see cref="IsGuarded"/>.</summary>
    /// <exception cref="MappingFaultException">It must not be made.</exception>
    internal void Judge(long offset, long length, FaultAccess access)
    {
        FileRange range = new(Facts.Range.Offset + offset, length);
        try
        {
            if (Word <= RegionWord.Releasing)
            {
                _guard!.Check(offset, length, access, writes: access == FaultAccess.Write
                    || (access is (FaultAccess.Scope or FaultAccess.Memory or FaultAccess.Restore)
                        && Facts.Access == MappingAccess.ReadWrite));
                return;
            }
        }
        catch (ObjectDisposedException) when (Word > RegionWord.Releasing)
        {
            // Disposed meanwhile, and the file with it.
        }
        catch (MappingFaultException fault)
        {
            Events.Faulted(fault);
            throw;
        }

        throw Fault(range, access);
    }

    /// <inheritdoc cref="AppenderClaim.TryTake"/>
    internal int TryClaimAppender(FileRange range, string holder, out AppenderClaim? claim, out string? otherHolder)
    {
        try
        {
            return AppenderClaim.TryTake(_inode, range, holder, out claim, out otherHolder);
        }
        catch (ObjectDisposedException)
        {
            throw new ObjectDisposedException(nameof(MappedRegion), $"'{Facts.Path}': the region was disposed.");
        }
    }

    /// <inheritdoc cref="AppenderClaim.IsTo"/>
    internal bool IsClaimedBy(AppenderClaim claim, FileRange range) => claim.IsTo(_inode.Inode, range);

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
        if (Backing.Kind != FileBackingKind.Linux)
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

    private Extent? TryGetExtent(FileRange range)
    {
        try
        {
            return _inode.File.ExtentAt(_blockMap, range.Offset);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ObjectDisposedException)
        {
            return null; // The fault itself is what has to be reported.
        }
    }
}
