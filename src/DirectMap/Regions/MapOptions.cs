namespace DirectMap;

/// <summary>What to map, and how. Immutable: use <c>with</c> to change a copy.</summary>
public sealed record MapOptions
{
    /// <summary>A direct mapping of the whole file, on persistent memory (DAX) only.</summary>
    public static MapOptions Direct { get; } = new();

    /// <summary>
    /// A direct mapping of the whole file: on persistent memory where there is, emulated through the page cache elsewhere.
    /// </summary>
    public static MapOptions DirectOrEmulated { get; } = new() { EmulatePersistentMemory = true };

    /// <summary>
    /// A direct mapping of the whole file whose block map stays as it is, on persistent memory or not: for code that wants no surprises
    /// from the file system (latency, ENOSPC), and no persistent memory.
    /// </summary>
    public static MapOptions FrozenLayout { get; } = new() { LayoutOnly = true };

    /// <summary>
    /// An ordinary mapping of the whole file (MAP_SHARED): no lease, and nothing is refused, whatever the file is made of; for code that
    /// only wants spans, ranges and exceptions. Nobody asks before changing the file under it: an access beyond the end of a file that was
    /// truncated, or a store to a hole on a full disk, is a <see cref="MappingFaultException"/> afterwards
    /// (<see cref="FaultContainment"/>); with <see cref="PolicyCheck.AtAccess"/> the full disk is one before the store is made.
    /// </summary>
    public static MapOptions Ordinary { get; } = new() { Flags = MapFlags.Shared };

    /// <summary>
    /// The flags; MAP_SHARED_VALIDATE and MAP_DIRECT by default. Without <see cref="MapFlags.Direct"/> the mapping is an ordinary
    /// one, which has no lease.
    /// </summary>
    public MapFlags Flags { get; init; } = MapFlags.SharedValidate | MapFlags.Direct;

    /// <summary>
    /// First byte in the file: 0 or more, a multiple of the page size (<see cref="Environment.SystemPageSize"/>). Whatever part is mapped,
    /// the lease is on the whole file, unless <see cref="LeaseCoverage"/> says otherwise.
    /// </summary>
    public long Offset { get; init; }

    /// <summary>Length in bytes, positive; null (the default) for everything up to the end of the file.</summary>
    public long? Length { get; init; }

    /// <summary>What the mapping may do; null (the default) for what the file was opened for.</summary>
    public MappingAccess? Access { get; init; }

    /// <summary>
    /// Whether a file that is not on persistent memory is mapped all the same. The region is then stamped
    /// <see cref="MappedRegion.IsEmulated"/>, and says how durable it is.
    /// </summary>
    public bool EmulatePersistentMemory { get; init; }

    /// <summary>
    /// The unit in which stores have to become durable at least, or the mapping is refused
    /// (<see cref="RefusalReason.GranularityUnavailable"/>, which names what is missing); null (the default) for whatever there is. As
    /// libpmem2's required store granularity. <see cref="MappedRegion.Granularity"/> says what the region has.
    /// </summary>
    public PersistGranularity? RequiredGranularity { get; init; }

    /// <summary>
    /// Persists as if the file were on persistent memory of this granularity, for tests and measurements on machines that have none: cache
    /// lines are flushed, or nothing is, and no system call is made. The region is stamped <see cref="DurabilityKind.Emulated"/>: what it
    /// persists survives the process, not the machine. Null (the default) for the file's own way; <see cref="PersistGranularity.Page"/> for
    /// msync, whatever the file is on.
    /// </summary>
    public PersistGranularity? EmulatedGranularity { get; init; }

    /// <summary>
    /// Whether persistent memory is not asked for, only a block map that stays as it is. As <see cref="EmulatePersistentMemory"/> it lets
    /// files through that are not on persistent memory, but not those on file systems that nobody can judge.
    /// </summary>
    public bool LayoutOnly { get; init; }

    /// <summary>
    /// What the mapping may do to the block map, in place of what the file's policy says; null (the default) for the file's policy
    /// (<see cref="DirectFileOptions.FaultPolicy"/>), or for an ordinary mapping <see cref="FaultPolicies.Permissive"/>.
    /// </summary>
    public IFaultPolicy? FaultPolicy { get; init; }

    /// <summary>When the policy judges the extents: at map time (the default) or at access.</summary>
    public PolicyCheck PolicyCheck { get; init; }

    /// <summary>
    /// What is asked for against accesses that the kernel answers with a signal (SIGBUS): by default the best there is.
    /// <see cref="MappedRegion.Containment"/> says what the region has.
    /// </summary>
    public FaultContainment FaultContainment { get; init; }

    /// <summary>
    /// How far a fault reaches: the whole region (the default), or only the pages that were lost. Means something only where
    /// faults are contained.
    /// </summary>
    public FaultReach FaultReach { get; init; }

    /// <summary>
    /// Whether the region's lease is shared (the default) or exclusive: then layout operations of other owners fail with ETXTBSY
    /// instead of breaking it.
    /// </summary>
    public LeaseMode LeaseMode { get; init; }

    /// <summary>Which bytes the region's lease covers: the whole file (the default) or only what is mapped.</summary>
    public LeaseCoverage LeaseCoverage { get; init; }

    /// <summary>
    /// What to do while a break of the file's leases is pending, or leases of others exclude this one: refuse (the default) or wait.
    /// </summary>
    public WhenUnavailable WhenUnavailable { get; init; }

    /// <summary>
    /// Called once, with the region, when somebody wants the file; on a pool thread, or on one of the library's when the pool has none
    /// for some 10 to 30 milliseconds; with no lock held. What it throws goes to
    /// <see cref="LeaseCoordinator.CallbackFailed"/>. An <c>async void</c> callback is on its own after its first await, as everywhere in
    /// .NET: what it throws then ends the process. Better to await <see cref="MappedRegion.WaitForBreakAsync"/>. Inside the callback, an
    /// operation that would have to wait for a lease fails with EDEADLK; so does code that continues inside it because it completed a task:
    /// create such sources with <see cref="TaskCreationOptions.RunContinuationsAsynchronously"/>.
    /// </summary>
    public Action<MappedRegion, LeaseBreak>? OnBreak { get; init; }
}
