using DirectMap.BlockMaps;
using DirectMap.Diagnostics;
using DirectMap.Durability;
using DirectMap.Faults;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Leases;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Telemetry;

namespace DirectMap.Regions;

/// <summary>One attempt to map a file as it was planned: what it takes goes to the region, or is given back when a step refuses.</summary>
internal sealed class MapAttempt : IDisposable
{
    private readonly MapPlan _plan;
    private readonly InodeReference _inode;
    private readonly object _owner;
    private readonly Origin? _origin;
    private readonly FileEvents _events;
    private readonly RegionMapping _mapping;
    private readonly BreakNotifier<MappedRegion>? _delivery;
    private readonly RegionWatch? _watch;
    private RegionFacts _facts;
    private bool _isMade;

    /// <param name="plan">What is mapped.</param>
    /// <param name="facts">What was promised of it.</param>
    /// <param name="inode">The file; goes with this.</param>
    /// <param name="owner">Whose region it will be.</param>
    /// <param name="origin">Where it is mapped; in diagnostic mode only.</param>
    /// <param name="events">Who is told.</param>
    internal MapAttempt(MapPlan plan, RegionFacts facts, InodeReference inode, object owner, Origin? origin, FileEvents events)
    {
        _plan = plan;
        _facts = facts;
        _inode = inode;
        _owner = owner;
        _origin = origin;
        _events = events;
        _mapping = new RegionMapping(events.Regions);
        _delivery = plan.Options.OnBreak is not null || plan.Options.OnBreakAsync is not null
            ? new BreakNotifier<MappedRegion>(plan.Options.OnBreak, plan.Options.OnBreakAsync, inode.Inode.Coordinator)
            : null;
        _watch = RegionWatch.Of(inode.Inode, facts, plan.Options);
    }

    /// <summary>What the coordinator is asked for; null where the mapping takes no lease.</summary>
    internal LeaseRequest? Request => !_plan.IsDirect ? null : new()
    {
        File = _inode.Inode.Id,
        Owner = _owner,
        Mode = _plan.Options.LeaseMode,
        Range = _plan.LeaseRange,
        Mapped = Rounding.WholePages(_plan.Range),
        WhenUnavailable = _plan.Options.WhenUnavailable,
        Holder = $"region {_plan.Range} of {_owner}",
        OnBreak = _delivery is null ? null : _delivery.Notify,
        Revoke = RevocationOf(_mapping),
    };

    /// <summary>What was given for it, or what an ordinary mapping has in its place; goes with this.</summary>
    internal ILayoutLease? Lease { private get; set; }

    /// <summary>All that comes after the lease.</summary>
    /// <param name="isTrial">Whether the block map has to stay as it is.</param>
    /// <param name="isLast">Whether the plan is kept even if the file's end is another one by now.</param>
    /// <returns>Null: "up to the end" means another range by now, because a breaker that was waited for changed the length. Plan
    /// again.</returns>
    internal MappedRegion? TryMap(bool isTrial, bool isLast)
    {
        if (!isLast && _plan.EndsWithFile && _plan.IsOutdated(_inode.File.Status.Size))
        {
            return null;
        }

        Attach();
        if (_plan.FileSystem.BlockSize < Environment.SystemPageSize)
        {
            LastPage.WaitForGrowth(_inode.Inode);
        }

        long size = _inode.File.Status.Size;
        _plan.ThrowIfBeyondEnd(size);
        RegionFaults faults = FaultsOf(Judge(size, isTrial), isTrial);
        _plan.ThrowIfUnprotected(_facts.Guard, _inode.Inode.ProtectionOf(_facts)); // What it loses from now on the watch hears.
        RegionEnding ending = new(_inode.Inode, _facts, _watch);
        RegionLease lease = new(_owner, Lease!, _origin, ending);
        MappedRegion region = new(new RegionCore(_mapping, lease, _inode, _facts, faults, _events));
        _delivery?.Attach(region);
        _watch?.Attach(region);
        region.Core.Events.Mapped(_facts.Access, _facts.IsDirect, _facts.IsEmulated);
        _isMade = true;
        return region;
    }

    public void Dispose()
    {
        if (_isMade)
        {
            return;
        }

        _watch?.Close();
        try
        {
            _mapping.Unmap(); // Before the lease goes: nobody has seen the mapping, so there is nothing to invalidate.
            Lease?.Dispose();
        }
        finally
        {
            _inode.Dispose();
        }
    }

    /// <summary>The coordinator keeps it alive, so it refers to the mapping and to nothing else.</summary>
    private static Action<LeaseBreak?> RevocationOf(RegionMapping mapping) =>
        _ => mapping.Invalidate(MappingLife.Revoked, RegionMapping.GraceAtDeadline);

    private void Attach()
    {
        if (!_mapping.TryAttach(this, static attempt => attempt.View(), contain: _facts.Containment.Value == ContainmentKind.Handler))
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.WouldBlock,
                Detail = $"'{_plan.Path}': the lease was broken and its deadline passed before the file was mapped"
            };
        }

        if (_plan.WantsSync)
        {
            FileBacking backing = _inode.Inode.Backing;
            EffectiveGranularity granularity = backing.GranularityOf(null, isDax: true, _mapping.SyncMissing);
            _facts = _plan.PromiseMapped(_facts, granularity, backing.DurabilityOf(_plan.FileSystem, granularity));
        }
    }

    private MappedView View() => _inode.File.Map(_plan.Range, _plan.Access, _plan.WantsSync);

    /// <summary>Judges what is mapped, but for what is judged at access.</summary>
    /// <returns>Null where nothing has to be judged, now or later.</returns>
    private JudgedExtents? Judge(long size, bool isTrial)
    {
        bool isAtAccess = _plan.Options.PolicyCheck == PolicyCheck.AtAccess;
        if (_plan.IsPermissive && !isAtAccess)
        {
            return null;
        }

        JudgedExtents extents = new(_facts, _inode.File, _plan.Judge);
        CopyReservations.Tally? seen = null;
        if (!isAtAccess)
        {
            seen = ExtentCheck.Run(extents, _plan.Range, size, out SeenLayout? layout);
            _watch?.Saw(layout);
        }

        if (_plan.FileSystem.CopiesAhead && _plan.Access == MappingAccess.ReadWrite && !_plan.IsPermissive)
        {
            ExtentCheck.ThrowIfCopiesAhead(extents, seen, onlyLook: isTrial);
        }

        return extents;
    }

    private RegionFaults FaultsOf(JudgedExtents? extents, bool isTrial)
    {
        AccessGuard? guard = extents is not null && _plan.Options.PolicyCheck == PolicyCheck.AtAccess
            ? new AccessGuard(extents, _owner, _plan.FileSystem.LayoutUnitInPages)
            : null;
        FaultDiagnosis diagnosis = new(_facts, _inode, _plan.Judge.BlockMap);
        if (_facts.Containment.Value == ContainmentKind.Copies && guard is null && !_plan.MayLoadAllocate && !isTrial)
        {
            ThrowIfUnreadable(diagnosis);
        }

        return new RegionFaults(_mapping, _facts, _inode, diagnosis, guard, extents);
    }

    /// <summary>
    /// Without the handler this is the moment at which a page that the kernel cannot provide is an error number. Loads only: stores would
    /// make every page dirty, and allocate in an ordinary mapping.
    /// </summary>
    private void ThrowIfUnreadable(FaultDiagnosis diagnosis)
    {
        long lost = _mapping.FindUnreadable(0, Rounding.Count(_plan.Range.Length, Environment.SystemPageSize));
        if (lost >= 0)
        {
            throw diagnosis.Diagnose(new LostPages.Run(lost, lost + 1, FaultCode.None, IsTakenAlong: false))
                .ToException(_plan.Path, FaultAccess.Read, _plan.Range);
        }
    }
}
