using DirectMap.BlockMaps;
using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <summary>
/// What is to be mapped, and how: the options, checked against what is known of the file. It asks neither the system nor the coordinator
/// for anything, so it is as good as what it was made of: who waits for a lease afterwards looks at the file's length again.
/// </summary>
internal sealed class MapPlan
{
    private readonly FileFacts _file;
    private readonly BackingFacts _backing;
    private readonly FileSystem _fileSystem;
    private readonly bool _isOpenedForReading;

    private MapPlan(MapOptions options, in MapTarget target, FileRange range, MappingAccess access)
    {
        Options = options;
        Path = target.Path;
        Range = range;
        Access = access;
        Judge = new ExtentJudge(
            options.FaultPolicy ?? (options.Mode != MapMode.Ordinary ? target.Judge.Policy : FaultPolicies.Permissive),
            target.Judge.BlockMap);
        _isOpenedForReading = target.OpenedFor == FileAccess.Read;
        _fileSystem = target.FileSystem;
        _backing = target.Backing;
        _file = FileDescription.Describe(_fileSystem, target.Status, access, options.Mode);
    }

    internal MapOptions Options { get; }

    /// <summary>The file's, for messages.</summary>
    internal string Path { get; }

    /// <summary>The bytes of the file.</summary>
    internal FileRange Range { get; }

    internal MappingAccess Access { get; }

    /// <summary>Whether it is asked for up to the end of the file, wherever that is.</summary>
    internal bool EndsWithFile => Rounding.IsOpenEnded(Options.Range);

    /// <summary>Who judges the extents.</summary>
    internal ExtentJudge Judge { get; }

    internal ref readonly FileSystem FileSystem => ref _fileSystem;

    /// <summary>Whether it takes a lease.</summary>
    internal bool IsDirect => Options.Mode != MapMode.Ordinary;

    /// <summary>Whether every extent will do.</summary>
    internal bool IsPermissive => Judge.Policy == FaultPolicies.Permissive;

    /// <summary>Whether MAP_SYNC is asked for. What is emulated is persisted without the file system's help.</summary>
    internal bool WantsSync => _file.IsDax && Options.EmulatedGranularity is null;

    /// <summary>Whether a load may make the file system allocate, and nobody minds.</summary>
    internal bool MayLoadAllocate => _file.LoadsAllocate && IsPermissive;

    /// <summary>The bytes that the lease covers.</summary>
    internal FileRange LeaseRange =>
        Options.LeaseCoverage == LeaseCoverage.WholeFile ? FileRange.Whole : Rounding.Out(Range, _fileSystem.LayoutUnitInPages);

    /// <summary>How durable a persist is where it only looks like one of persistent memory; null where it is the file's own.</summary>
    internal Stated<DurabilityKind>? EmulatedDurability =>
        Options.EmulatedGranularity is { } kind and not PersistGranularity.Page
            ? new Stated<DurabilityKind>(
                DurabilityKind.Emulated, $"persistent memory with a granularity of {kind} is emulated: nothing is written to the device")
            : null;

    /// <summary>What can be said of the options without the file.</summary>
    /// <exception cref="ArgumentException">They cannot be meant.</exception>
    internal static void ThrowIfInvalid(MapOptions options)
    {
        ThrowIfNotDefined(options.Mode, nameof(MapOptions.Mode));
        ThrowIfNotDefined(options.Access ?? MappingAccess.Read, nameof(MapOptions.Access));
        ThrowIfNotDefined(options.WhenUnavailable, nameof(MapOptions.WhenUnavailable));
        ThrowIfNotDefined(options.LeaseMode, nameof(MapOptions.LeaseMode));
        ThrowIfNotDefined(options.LeaseCoverage, nameof(MapOptions.LeaseCoverage));
        ThrowIfNotDefined(options.PolicyCheck, nameof(MapOptions.PolicyCheck));
        ThrowIfNotDefined(options.FaultContainment, nameof(MapOptions.FaultContainment));
        ThrowIfNotDefined(options.FaultReach, nameof(MapOptions.FaultReach));
        ThrowIfNotDefined(options.RequiredGranularity ?? PersistGranularity.Page, nameof(MapOptions.RequiredGranularity));
        ThrowIfNotDefined(options.EmulatedGranularity ?? PersistGranularity.Page, nameof(MapOptions.EmulatedGranularity));
        _ = RangeOf(options, size: 0);
        if (options is { FaultContainment: FaultContainment.Off, FaultReach: FaultReach.Page })
        {
            throw new ArgumentException(
                $"{nameof(MapOptions)}.{nameof(MapOptions.FaultReach)} is about faults that are contained, and "
                    + $"{nameof(MapOptions)}.{nameof(MapOptions.FaultContainment)} is {nameof(FaultContainment.Off)}.",
                nameof(options));
        }

        if (options.Mode == MapMode.Ordinary)
        {
            ThrowIfLeaseWanted(options);
        }
    }

    private static void ThrowIfNotDefined<T>(T value, string property)
        where T : struct, Enum => Arguments.ThrowIfNotDefined(value, $"{nameof(MapOptions)}.{property}");

    /// <summary>Plans, and refuses what the file as a whole does not allow.</summary>
    /// <exception cref="ArgumentException">The range is none.</exception>
    /// <exception cref="MapRefusedException">The policy refuses the file, or the range is not in it.</exception>
    /// <exception cref="UnauthorizedAccessException">It is to be written to, and was opened for reading, or cannot be changed.</exception>
    internal static MapPlan Of(MapOptions options, in MapTarget target)
    {
        MappingAccess access = options.Access
            ?? (target.OpenedFor == FileAccess.Read ? MappingAccess.Read : MappingAccess.ReadWrite);
        FileRange range = RangeOf(options, target.Status.Size);
        if (access == MappingAccess.ReadWrite && target.OpenedFor == FileAccess.Read)
        {
            throw new UnauthorizedAccessException($"'{target.Path}' was opened for reading; it cannot be mapped for writing (EACCES)")
            {
                HResult = Errno.EACCES
            };
        }

        FileDescription.ThrowIfUnchangeable(target.Status, target.Path, access);
        MapPlan plan = new(options, target, range, access);
        plan.ThrowIfRefused(plan.Judge.Policy.EvaluateFile(plan._file));
        plan.ThrowIfNotDirect();
        plan.ThrowIfBeyondEnd(target.Status.Size);
        return plan;
    }

    /// <summary>The mode is the user's word, which no policy takes back.</summary>
    private void ThrowIfNotDirect()
    {
        if (Options.Mode == MapMode.Direct && !_file.IsDax)
        {
            throw Refusal(
                RefusalReason.NotDaxCapable,
                $"the file on {_file.FileSystem} goes through the page cache, and {nameof(MapMode)}.{nameof(MapMode.Direct)} is persistent "
                    + $"memory only; {nameof(MapMode)}.{nameof(MapMode.DirectOrEmulated)} and {nameof(MapMode)}."
                    + $"{nameof(MapMode.FrozenLayout)} are not");
        }
    }

    /// <summary>
    /// Whether "up to the end" means another range than was planned, in a file that has so many bytes now.
    /// </summary>
    internal bool IsOutdated(long size) => RangeOf(Options, size) != Range;

    /// <exception cref="MapRefusedException">The file, which has so many bytes, does not have all of them.</exception>
    internal void ThrowIfBeyondEnd(long size)
    {
        if (Range.Length == 0 || Range.End > size)
        {
            throw Refusal(
                RefusalReason.BeyondEndOfFile,
                size == 0
                    ? "the file is empty: give it a length (SetLength) and blocks (Prepare), or make it with one (DirectFile.Create)"
                    : $"the file has {size} bytes");
        }
    }

    /// <exception cref="MapRefusedException">That is what a policy has decided.</exception>
    internal void ThrowIfRefused(PolicyDecision decision)
    {
        if (!decision.IsAllowed)
        {
            throw Refusal(decision.Reason, decision.Detail);
        }
    }

    /// <summary>What the region is told to be, from what the system has to offer.</summary>
    /// <param name="isWaived">Whether the lease is held though the file is somebody else's.</param>
    /// <param name="guard">What the file is to be protected from.</param>
    /// <param name="containment">What there is against faults.</param>
    /// <param name="granularity">In which unit stores become durable; with MAP_SYNC, if that can be had.</param>
    /// <param name="durability">How durable a persist is then.</param>
    /// <exception cref="MapRefusedException">It is less than what was asked for.</exception>
    internal RegionFacts Promise(
        bool isWaived,
        GuardOptions guard,
        Stated<ContainmentKind> containment,
        EffectiveGranularity granularity,
        Stated<DurabilityKind> durability)
    {
        if (IsDirect && _fileSystem.ReadersMayGoStale && _isOpenedForReading)
        {
            throw Refusal(
                RefusalReason.BlockMapUnverified,
                $"on {_fileSystem.Name} a file opened for reading may be a lower layer's, which later writers leave behind unseen; "
                    + "open it for reading and writing");
        }

        if (Options.FaultContainment == FaultContainment.Required && containment.Value != ContainmentKind.Handler)
        {
            throw Refusal(RefusalReason.FaultsNotContained, containment.Reason);
        }

        if (!WantsSync)
        {
            // Before a lease is waited for. Whether the kernel grants MAP_SYNC only the mapping tells.
            ThrowIfCoarser(granularity);
        }

        return new RegionFacts(
            Path,
            Range,
            Access,
            new LeaseFacts(Options.Mode, isWaived, Options.DrainTime, guard),
            new StorageFacts(_file, durability, granularity, _backing),
            new FaultFacts(Options.FaultReach, containment));
    }

    /// <summary>The same once it is mapped, and known whether with MAP_SYNC.</summary>
    /// <inheritdoc cref="Promise"/>
    internal RegionFacts PromiseMapped(RegionFacts facts, EffectiveGranularity granularity, Stated<DurabilityKind> durability)
    {
        ThrowIfCoarser(granularity);
        return facts with { Storage = facts.Storage with { Granularity = granularity, Durability = durability } };
    }

    private static FileRange RangeOf(MapOptions options, long size)
    {
        FileRange range = options.Range;
        if (range.Offset % Environment.SystemPageSize != 0)
        {
            throw new ArgumentException(
                $"{nameof(MapOptions)}.{nameof(MapOptions.Range)} begins on a page boundary: {range.Offset} is not a "
                    + $"multiple of {Environment.SystemPageSize}.",
                nameof(options));
        }

        if (range.Length == 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), range, $"{nameof(MapOptions)}.{nameof(MapOptions.Range)} is empty; a mapping has 1 byte or more.");
        }

        return Rounding.UpTo(range, size);
    }

    private static void ThrowIfLeaseWanted(MapOptions options)
    {
        string? wanted = options switch
        {
            { LeaseMode: not LeaseMode.Shared } => nameof(MapOptions.LeaseMode),
            { LeaseCoverage: not LeaseCoverage.WholeFile } => nameof(MapOptions.LeaseCoverage),
            { WhenUnavailable: not WhenUnavailable.Refuse } => nameof(MapOptions.WhenUnavailable),
            { OnBreak: not null } => nameof(MapOptions.OnBreak),
            { OnBreakAsync: not null } => nameof(MapOptions.OnBreakAsync),
            { OnTrespass: not null } => nameof(MapOptions.OnTrespass),
            _ => null,
        };
        if (wanted is not null)
        {
            throw new ArgumentException(
                $"{nameof(MapOptions)}.{wanted} is about a lease, and an ordinary mapping (MapMode.Ordinary) has none.", nameof(options));
        }
    }

    /// <exception cref="MapRefusedException">The file is not protected as it is required to be.</exception>
    internal void ThrowIfUnprotected(GuardOptions guard, Protection protection)
    {
        if (IsDirect && guard.Demand == GuardDemand.Required && protection.Level < guard.Level)
        {
            throw Refusal(RefusalReason.ProtectionUnavailable, $"{guard.Level} is required, and it is {protection}");
        }
    }

    private void ThrowIfCoarser(EffectiveGranularity granularity)
    {
        if (Options.EmulatedGranularity is { } emulated && !granularity.Meets(emulated))
        {
            throw Refusal(RefusalReason.GranularityUnavailable, $"{emulated} cannot be emulated here: {granularity.Reason}");
        }

        if (Options.RequiredGranularity is { } required && !granularity.Meets(required))
        {
            throw Refusal(
                RefusalReason.GranularityUnavailable,
                $"{required} is required, and there is {granularity.Granularity}: {granularity.Reason}");
        }
    }

    private MapRefusedException Refusal(RefusalReason reason, string? detail) =>
        new() { Path = Path, Range = Range, Reason = reason, Detail = detail };
}
