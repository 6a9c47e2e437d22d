using System.Diagnostics.CodeAnalysis;
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

/// <summary>
/// Makes a region, in the order that leaves no gap: arguments, the file as a whole, permission, lease, mapping, and only then size and
/// extents: under the lease nobody changes them any more. What was taken is given back when a later step refuses.
/// </summary>
internal sealed class RegionFactory
{
    private const MapFlags KnownFlags = MapFlags.SharedValidate | MapFlags.Direct;

    /// <summary>
    /// An outsider that grows the file all the time must not keep a mapping from being made: then "up to the end" is the end as
    /// it was a moment ago.
    /// </summary>
    private const int MaxAttempts = 8;

    private readonly string _path;
    private readonly InodeReference _inode;
    private readonly object _owner;
    private readonly OpenedAs _opened;
    private readonly IFaultPolicy _policy;
    private readonly IBlockMap? _blockMap;
    private readonly FileEvents _events;

    internal RegionFactory(string path, InodeReference inode, object owner, OpenedAs opened, ExtentJudge judge, FileEvents events)
    {
        _path = path;
        _inode = inode;
        _owner = owner;
        _opened = opened;
        _policy = judge.Policy;
        _blockMap = judge.BlockMap;
        _events = events;
    }

    private ILeaseCoordinator Coordinator => _inode.Inode.Coordinator;

    /// <param name="options">What, and how.</param>
    /// <param name="isTrial">Whether the region is only made to see whether it can be: then the block map stays as it is.</param>
    internal MappedRegion Map(MapOptions options, bool isTrial = false)
    {
        options = isTrial ? options with { WhenUnavailable = WhenUnavailable.Refuse } : options;
        Origin? origin = Origin.Of(Coordinator);
        for (int attempt = 1; ; attempt++)
        {
            Plan plan = Prepare(options, origin);
            try
            {
                if (TryFinish(
                    plan,
                    attempt,
                    isTrial,
                    plan.Request is null ? new OrdinaryLease() : Coordinator.Acquire(plan.Request),
                    out MappedRegion? region))
                {
                    return region;
                }
            }
            catch
            {
                plan.Dispose();
                throw;
            }

            plan.Dispose();
        }
    }

    internal async ValueTask<MappedRegion> MapAsync(MapOptions options, CancellationToken cancellationToken)
    {
        Origin? origin = Origin.Of(Coordinator);
        for (int attempt = 1; ; attempt++)
        {
            Plan plan = Prepare(options, origin);
            try
            {
                ILayoutLease lease = plan.Request is null
                    ? new OrdinaryLease()
                    : await Coordinator.AcquireAsync(plan.Request, cancellationToken).ConfigureAwait(false);
                if (TryFinish(plan, attempt, isTrial: false, lease, out MappedRegion? region))
                {
                    return region;
                }
            }
            catch
            {
                plan.Dispose();
                throw;
            }

            plan.Dispose();
        }
    }

    /// <summary>What can be said of the options without the file.</summary>
    internal static void ThrowIfInvalid(MapOptions options)
    {
        ThrowIfNotDefined(options.Access ?? MappingAccess.Read, nameof(MapOptions.Access));
        ThrowIfNotDefined(options.WhenUnavailable, nameof(MapOptions.WhenUnavailable));
        ThrowIfNotDefined(options.LeaseMode, nameof(MapOptions.LeaseMode));
        ThrowIfNotDefined(options.LeaseScope, nameof(MapOptions.LeaseScope));
        ThrowIfNotDefined(options.FaultCheck, nameof(MapOptions.FaultCheck));
        ThrowIfNotDefined(options.FaultContainment, nameof(MapOptions.FaultContainment));
        ThrowIfNotDefined(options.FaultReach, nameof(MapOptions.FaultReach));
        ThrowIfNotDefined(options.RequiredGranularity ?? PersistGranularity.Page, nameof(MapOptions.RequiredGranularity));
        ThrowIfNotDefined(options.EmulatedGranularity ?? PersistGranularity.Page, nameof(MapOptions.EmulatedGranularity));
        _ = RangeOf(options, size: 0);
        if (!options.Flags.HasFlag(MapFlags.Direct))
        {
            ThrowIfLeaseWanted(options);
        }
    }

    private Plan Prepare(MapOptions options, Origin? origin)
    {
        MappingAccess access = options.Access ?? (_opened.Access == FileAccess.Read ? MappingAccess.Read : MappingAccess.ReadWrite);
        OpenedFile file = _inode.File;
        Statx.FileStatus status = file.Status;
        FileRange range = RangeOf(options, status.Size);
        ThrowIfFlagsUnknown(options.Flags, range);
        bool isDirect = options.Flags.HasFlag(MapFlags.Direct);
        IFaultPolicy policy = options.FaultPolicy ?? (isDirect ? _policy : FaultPolicies.Permissive);
        if (access == MappingAccess.ReadWrite && _opened.Access == FileAccess.Read)
        {
            throw new UnauthorizedAccessException($"'{_path}' was opened for reading; it cannot be mapped for writing (EACCES)")
            {
                HResult = Errno.EACCES
            };
        }

        Attributes.ThrowIfUnchangeable(status, _path, access);
        FileSystem fileSystem = file.FileSystem;
        BackingInfo backing = Attributes.Describe(fileSystem, status, access, options.EmulatePersistentMemory) with
        {
            LayoutOnly = options.LayoutOnly
        };
        Check(policy.EvaluateBacking(backing), range, null);
        ThrowIfBeyondEnd(range, status.Size);
        bool isWaived = false;
        if (isDirect)
        {
            isWaived = _opened.CheckLease(file, status.Uid);
        }
        else if (access == MappingAccess.ReadWrite)
        {
            ThrowIfExclusivelyHeld();
        }

        if (isDirect && fileSystem.ReadersMayGoStale && _opened.Access == FileAccess.Read)
        {
            throw new MapRefusedException(
                _path,
                range,
                RefusalReason.BlockMapUnverified,
                $"on {fileSystem.Name} a file opened for reading may be a lower layer's, which later writers leave behind unseen; "
                    + "open it for reading and writing");
        }

        RegionContainment containment = file.Inode.Backing.ContainmentOf(options.FaultContainment, fileSystem);
        if (options.FaultContainment == FaultContainment.Required && containment.Kind != ContainmentKind.Handler)
        {
            throw new MapRefusedException(_path, range, RefusalReason.FaultsNotContained, containment.Reason);
        }

        EffectiveGranularity granularity = file.Inode.Backing.GranularityOf(options.EmulatedGranularity, status.IsDax, syncMissing: null);
        if (!WantsSync(options, status.IsDax))
        {
            // Before a lease is waited for. Whether the kernel grants MAP_SYNC only the mapping tells.
            ThrowIfCoarser(options, granularity, range);
        }

        RegionMapping mapping = new(_events.Regions);
        RegionFacts facts = new(
            _path,
            range,
            access,
            IsEmulated: !status.IsDax,
            fileSystem.Stability,
            DurabilityOf(options, file.Inode.Backing, fileSystem, granularity),
            isDirect,
            OpenedAs.ProtectionOf(isDirect, isWaived),
            options.FaultReach,
            containment,
            granularity);
        BreakDelivery<MappedRegion>? delivery = options.OnBreak is null
            ? null
            : new BreakDelivery<MappedRegion>(options.OnBreak, Coordinator);
        LeaseRequest? request = !isDirect ? null : new()
        {
            File = _inode.Inode.Id,
            Owner = _owner,
            Mode = options.LeaseMode,
            Range = options.LeaseScope == LeaseScope.WholeFile ? FileRange.Whole : Rounding.Out(range, fileSystem.LayoutUnitInPages),
            Mapped = Rounding.WholePages(range),
            WhenUnavailable = options.WhenUnavailable,
            Holder = $"region {range} of {_owner}",
            OnBreak = delivery is null ? null : delivery.Deliver,
            Revoke = _ => mapping.Invalidate(RegionWord.Revoked, RegionMapping.GraceAtDeadline),
        };
        return new Plan(options, _inode.Clone(), mapping, fileSystem, policy, backing, facts, request, delivery, origin);
    }

    /// <summary>What is emulated is persisted without the file system's help.</summary>
    private static bool WantsSync(MapOptions options, bool isDax) => isDax && options.EmulatedGranularity is null;

    /// <exception cref="MapRefusedException">It is less than what was asked for.</exception>
    private void ThrowIfCoarser(MapOptions options, EffectiveGranularity granularity, FileRange range)
    {
        if (options.EmulatedGranularity is { } emulated && !granularity.Meets(emulated))
        {
            throw new MapRefusedException(
                _path, range, RefusalReason.GranularityUnavailable, $"{emulated} cannot be emulated here: {granularity.Reason}");
        }

        if (options.RequiredGranularity is { } required && !granularity.Meets(required))
        {
            throw new MapRefusedException(
                _path,
                range,
                RefusalReason.GranularityUnavailable,
                $"{required} is required, and there is {granularity.Granularity}: {granularity.Reason}");
        }
    }

    private static RegionDurability DurabilityOf(
        MapOptions options, FileBacking file, in FileSystem fileSystem, EffectiveGranularity granularity) =>
        options.EmulatedGranularity is { } kind and not PersistGranularity.Page
            ? new RegionDurability(
                DurabilityKind.Emulated, $"persistent memory with a granularity of {kind} is emulated: nothing is written to the device")
            : file.DurabilityOf(fileSystem, granularity);

    /// <summary>
    /// False: "up to the end" means another range by now, because a breaker that was waited for changed the length. Plan again.
    /// </summary>
    private bool TryFinish(Plan plan, int attempt, bool isTrial, ILayoutLease lease, [NotNullWhen(true)] out MappedRegion? region)
    {
        try
        {
            FileRange range = plan.Facts.Range;
            bool wantsSync = WantsSync(plan.Options, isDax: !plan.Facts.IsEmulated);
            if (plan.Options.Length is null && attempt < MaxAttempts
                && RangeOf(plan.Options, plan.Inode.File.Status.Size) != range)
            {
                lease.Dispose();
                region = null;
                return false;
            }

            if (!plan.Mapping.TryAttach(
                () => plan.Inode.File.Map(range, plan.Facts.Access, wantsSync),
                contain: plan.Facts.Containment.Kind == ContainmentKind.Handler))
            {
                throw new LeaseConflictException(
                    LeaseConflict.WouldBlock, $"'{_path}': the lease was broken and its deadline passed before the file was mapped");
            }

            if (wantsSync)
            {
                EffectiveGranularity granularity = plan.Inode.Inode.Backing.GranularityOf(null, isDax: true, plan.Mapping.SyncMissing);
                ThrowIfCoarser(plan.Options, granularity, range);
                plan = plan with
                {
                    Facts = plan.Facts with
                    {
                        Granularity = granularity,
                        Durability = DurabilityOf(plan.Options, plan.Inode.Inode.Backing, plan.FileSystem, granularity)
                    }
                };
            }

            if (plan.FileSystem.BlockSize < Environment.SystemPageSize)
            {
                LastPage.WaitForGrowth(plan.Inode.Inode);
            }

            long size = plan.Inode.File.Status.Size;
            ThrowIfBeyondEnd(range, size);
            AccessGuard? guard = null;
            CopyReservations.Tally? seen = null;
            if (plan.Options.FaultCheck == FaultCheck.AtAccess)
            {
                IBlockMap map = _blockMap ?? plan.Inode.File.BlockMap;
                guard = new AccessGuard(
                    plan.Facts,
                    plan.Inode.File,
                    _owner,
                    _owner.ToString()!,
                    plan.Policy,
                    map,
                    plan.Backing,
                    plan.FileSystem.LayoutUnitInPages);
            }
            else if (plan.Policy != FaultPolicies.Permissive)
            {
                seen = CheckExtents(plan, range, size);
            }

            if (plan.FileSystem.CopiesAhead
                && plan.Facts.Access == MappingAccess.ReadWrite
                && plan.Policy != FaultPolicies.Permissive
                && !CopyReservations.TryGiveBack(
                    plan.Inode.File.Handle, _path, seen ?? CopyReservations.Count(plan.Inode.File.Handle, _path, range), onlyLook: isTrial))
            {
                Extent hidden = new(range.Offset, range.Length, -1, ExtentFlags.Shared);
                FaultDecision decision = plan.Policy.EvaluateExtent(plan.Backing, hidden, plan.Facts.Access);
                Check(
                    decision.IsAllowed
                        ? decision
                        : decision with
                        {
                            Detail = "parts of the file share blocks with another one, and XFS may have reserved copies for their "
                                + "neighbours; DirectFile.Prepare of the whole file helps"
                        },
                    range,
                    hidden);
            }

            FaultDiagnosis diagnosis = new(plan.Facts, plan.Inode, _blockMap, plan.Backing);
            bool mayLoadAllocate = plan.Backing.LoadsAllocate && plan.Policy == FaultPolicies.Permissive;
            if (plan.Facts.Containment.Kind == ContainmentKind.Copies && guard is null && !mayLoadAllocate && !isTrial)
            {
                ThrowIfUnreadable(plan, diagnosis);
            }

            Action<FileRange>? checkExtents = guard is not null || plan.Policy == FaultPolicies.Permissive
                ? null
                : lost => CheckExtents(plan, lost, lost.End);
            region = new MappedRegion(new RegionCore(
                plan.Mapping, lease, plan.Inode, plan.Facts, diagnosis, _blockMap, guard, checkExtents, plan.Origin, _events));
            plan.Delivery?.Attach(region);
            region.Core.Events.Mapped(plan.Facts.Access, plan.Facts.IsDirect, plan.Facts.IsEmulated);
            return true;
        }
        catch
        {
            plan.Mapping.Unmap(); // Before the lease goes: nobody has seen the mapping, so there is nothing to invalidate.
            lease.Dispose();
            throw;
        }
    }

    /// <returns>What was seen, as the file itself has it; nothing with a block map of the user's.</returns>
    private CopyReservations.Tally? CheckExtents(Plan plan, FileRange range, long size)
    {
        // A store touches its whole page, so what lies between the range's end and the page's must be as good; beyond the end of the
        // file it is nobody's.
        FileRange looked = new(range.Offset, Math.Min(Rounding.WholePages(range).End, size) - range.Offset);
        CopyReservations.Tally seen = new(looked);
        IBlockMap map = _blockMap ?? plan.Inode.File.BlockMap;
        foreach (Extent extent in Extents.Of(map, looked, _path))
        {
            Check(plan.Policy.EvaluateExtent(plan.Backing, extent, plan.Facts.Access), range, extent);
            seen = seen.With(extent);
        }

        return _blockMap is null ? seen : null;
    }

    /// <summary>
    /// Without the handler this is the moment at which a page that the kernel cannot provide is an error number. Loads only: stores would
    /// make every page dirty, and allocate in an ordinary mapping.
    /// </summary>
    private void ThrowIfUnreadable(Plan plan, FaultDiagnosis diagnosis)
    {
        long lost = plan.Mapping.FindUnreadable(0, Rounding.Count(plan.Facts.Range.Length, Environment.SystemPageSize));
        if (lost >= 0)
        {
            throw diagnosis.Diagnose(new LostPages.Run(lost, lost + 1, FaultCode.None, IsTakenAlong: false))
                .ToException(_path, FaultAccess.Read, plan.Facts.Range);
        }
    }

    private static void ThrowIfLeaseWanted(MapOptions options)
    {
        string? wanted = options switch
        {
            { LeaseMode: not LeaseMode.Shared } => nameof(MapOptions.LeaseMode),
            { LeaseScope: not LeaseScope.WholeFile } => nameof(MapOptions.LeaseScope),
            { WhenUnavailable: not WhenUnavailable.Refuse } => nameof(MapOptions.WhenUnavailable),
            { OnBreak: not null } => nameof(MapOptions.OnBreak),
            _ => null,
        };
        if (wanted is not null)
        {
            throw new ArgumentException(
                $"{wanted} is about a lease, and an ordinary mapping (without MapFlags.Direct) has none.", nameof(options));
        }
    }

    /// <summary>As the kernel refuses to map the file for writing whose layout it keeps frozen for somebody (a swap file).</summary>
    private void ThrowIfExclusivelyHeld()
    {
        foreach (LeaseInfo lease in Coordinator.Snapshot(_inode.Inode.Id).Leases)
        {
            if (lease.Mode == LeaseMode.Exclusive && !ReferenceEquals(lease.Owner, _owner))
            {
                throw new LeaseConflictException(
                    LeaseConflict.ExclusivelyHeld,
                    $"'{_path}' cannot be mapped for writing: {lease.Holder ?? "an unnamed holder"} holds its layout exclusively");
            }
        }
    }

    internal static void ThrowIfNotDefined<T>(T value, string name)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            throw new ArgumentOutOfRangeException(name, value, "Not a value of the enumeration.");
        }
    }

    private static FileRange RangeOf(MapOptions options, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(options.Offset, nameof(MapOptions.Offset));
        if (options.Offset % Environment.SystemPageSize != 0)
        {
            throw new ArgumentException(
                $"A mapping begins on a page boundary: {options.Offset} is not a multiple of {Environment.SystemPageSize}.",
                nameof(options));
        }

        if (options.Length is { } length)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length, nameof(MapOptions.Length));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(length, long.MaxValue - options.Offset, nameof(MapOptions.Length));
            return new FileRange(options.Offset, length);
        }

        return new FileRange(options.Offset, Math.Max(0, size - options.Offset));
    }

    private void ThrowIfFlagsUnknown(MapFlags flags, FileRange range)
    {
        string? detail = flags switch
        {
            _ when (flags & ~KnownFlags) != 0 => $"flags 0x{(ulong)(flags & ~KnownFlags):x} are not known",
            _ when flags.HasFlag(MapFlags.Direct) && (flags & MapFlags.SharedValidate) != MapFlags.SharedValidate =>
                "MAP_DIRECT goes only with MAP_SHARED_VALIDATE",
            _ when (flags & MapFlags.SharedValidate) is not (MapFlags.Shared or MapFlags.SharedValidate) =>
                "only shared mappings (MAP_SHARED, MAP_SHARED_VALIDATE) are made",
            _ => null,
        };
        if (detail is not null)
        {
            throw new MapRefusedException(_path, range, RefusalReason.UnknownFlags, detail);
        }
    }

    private void ThrowIfBeyondEnd(FileRange range, long size)
    {
        if (range.Length == 0 || range.End > size)
        {
            throw new MapRefusedException(_path, range, RefusalReason.BeyondEndOfFile, $"the file has {size} bytes");
        }
    }

    private void Check(FaultDecision decision, FileRange range, Extent? extent)
    {
        if (!decision.IsAllowed)
        {
            throw new MapRefusedException(_path, range, decision.Reason, decision.Detail, extent);
        }
    }

    /// <summary>What is taken before the lease is; goes to the region, or is given back.</summary>
    private sealed record Plan(
        MapOptions Options,
        InodeReference Inode,
        RegionMapping Mapping,
        FileSystem FileSystem,
        IFaultPolicy Policy,
        BackingInfo Backing,
        RegionFacts Facts,
        LeaseRequest? Request,
        BreakDelivery<MappedRegion>? Delivery,
        Origin? Origin)
    {
        internal void Dispose()
        {
            Mapping.Unmap();
            Inode.Dispose();
        }
    }
}
