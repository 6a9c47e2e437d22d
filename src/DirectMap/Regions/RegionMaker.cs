using DirectMap.Diagnostics;
using DirectMap.Durability;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Telemetry;

namespace DirectMap.Regions;

/// <summary>
/// Makes regions of one file, each in the order that leaves no gap: the plan, with the file as a whole, permission, lease, mapping, and
/// only then size and extents: under the lease nobody changes them any more.
/// </summary>
internal sealed class RegionMaker
{
    /// <summary>
    /// An outsider that grows the file all the time must not keep a mapping from being made: then "up to the end" is the end as
    /// it was a moment ago.
    /// </summary>
    private const int MaxAttempts = 8;

    private readonly string _path;
    private readonly InodeReference _inode;
    private readonly object _owner;
    private readonly OpenedAs _opened;
    private readonly ExtentJudge _judge;
    private readonly FileEvents _events;

    internal RegionMaker(string path, InodeReference inode, object owner, OpenedAs opened, ExtentJudge judge, FileEvents events)
    {
        _path = path;
        _inode = inode;
        _owner = owner;
        _opened = opened;
        _judge = judge;
        _events = events;
    }

    private ILeaseCoordinator Coordinator => _inode.Inode.Coordinator;

    /// <inheritdoc cref="MapPlan.ThrowIfInvalid"/>
    internal static void ThrowIfInvalid(MapOptions options) => MapPlan.ThrowIfInvalid(options);

    /// <summary>Lets go of what is forgotten, and looks whether the caller has kept too much.</summary>
    /// <exception cref="InvalidOperationException">Too many disposed regions are still referenced.</exception>
    internal static void ThrowIfTooManyReplaced()
    {
        ScopeSlot.ForgetDeadThreads();
        ReplacedRanges.ThrowIfTooMany();
    }

    /// <summary>Looks whether there is room for one more.</summary>
    /// <exception cref="IOException">The process has nearly as many mappings as it may have (ENOMEM).</exception>
    internal void ThrowIfTooManyMapped() => MappingCount.ThrowIfTooMany(_path);

    /// <param name="options">What, and how.</param>
    /// <param name="isTrial">Whether the region is only made to see whether it can be: then the block map stays as it is.</param>
    internal MappedRegion Map(MapOptions options, bool isTrial = false)
    {
        options = isTrial ? options with { WhenUnavailable = WhenUnavailable.Refuse } : options;
        Origin? origin = Origin.Of(Coordinator);
        for (int number = 1; ; number++)
        {
            using MapAttempt attempt = Begin(options, origin);
            attempt.Lease = attempt.Request is { } request ? _inode.Inode.Arbiter.Acquire(request) : new NoLease();
            if (attempt.TryMap(isTrial, isLast: number == MaxAttempts) is { } region)
            {
                return region;
            }
        }
    }

    internal async ValueTask<MappedRegion> MapAsync(MapOptions options, CancellationToken cancellationToken)
    {
        Origin? origin = Origin.Of(Coordinator);
        for (int number = 1; ; number++)
        {
            using MapAttempt attempt = Begin(options, origin);
            attempt.Lease = attempt.Request is { } request
                ? await _inode.Inode.Arbiter.AcquireAsync(request, cancellationToken).ConfigureAwait(false)
                : new NoLease();
            if (attempt.TryMap(isTrial: false, isLast: number == MaxAttempts) is { } region)
            {
                return region;
            }
        }
    }

    /// <summary>All that comes before the lease.</summary>
    private MapAttempt Begin(MapOptions options, Origin? origin)
    {
        OpenedFile file = _inode.File;
        FileBacking backing = file.Inode.Backing;
        Statx.FileStatus status = file.Status;
        BackingFacts facts = new(backing.Kind, backing.Revocation);
        MapPlan plan = MapPlan.Of(options, new MapTarget(_path, _opened.Access, status, file.FileSystem, facts, _judge));
        bool isWaived = false;
        if (plan.IsDirect)
        {
            isWaived = _opened.CheckLease(file, status.Uid);
        }
        else if (plan.Access == MappingAccess.ReadWrite)
        {
            ThrowIfExclusivelyHeld();
        }

        EffectiveGranularity granularity = backing.GranularityOf(options.EmulatedGranularity, status.IsDax, syncMissing: null);
        RegionFacts promised = plan.Promise(
            isWaived,
            _opened.Guard,
            backing.ContainmentOf(options.FaultContainment, plan.FileSystem),
            granularity,
            plan.EmulatedDurability ?? backing.DurabilityOf(plan.FileSystem, granularity));
        return new MapAttempt(plan, promised, _inode.Clone(), _owner, origin, _events);
    }

    /// <summary>As the kernel refuses to map the file for writing whose layout it keeps frozen for somebody (a swap file).</summary>
    private void ThrowIfExclusivelyHeld()
    {
        if (_inode.Inode.Arbiter.ExclusiveHolder(_owner) is { } holder)
        {
            throw new LeaseConflictException
            {
                Conflict = LeaseConflict.ExclusivelyHeld,
                Detail = $"'{_path}' cannot be mapped for writing: {holder} holds its layout exclusively"
            };
        }
    }
}
