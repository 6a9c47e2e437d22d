using DirectMap.Linux;

namespace DirectMap;

/// <summary>What to map, and how.</summary>
/// <remarks>It is immutable: <c>with</c> changes a copy.</remarks>
public sealed record MapOptions
{
    private readonly TimeSpan _drainTime = TimeSpan.FromSeconds(5);

    /// <summary>What <see cref="DirectFile.Map"/> does without options: as <see cref="DirectOrEmulated"/>.</summary>
    public static MapOptions Default { get; } = new();

    /// <summary>A direct mapping of the whole file, on persistent memory (DAX) only, whatever the fault policy says.</summary>
    public static MapOptions Direct { get; } = new() { Mode = MapMode.Direct };

    /// <summary>
    /// A direct mapping of the whole file: on persistent memory where there is, emulated through the page cache elsewhere.
    /// </summary>
    /// <remarks><see cref="RegionFacts.IsEmulated"/> says which.</remarks>
    public static MapOptions DirectOrEmulated { get; } = Default;

    /// <summary>
    /// A direct mapping of the whole file whose block map stays as it is, on persistent memory or not: for code that wants no surprises
    /// from the file system (latency, ENOSPC), and no persistent memory.
    /// </summary>
    public static MapOptions FrozenLayout { get; } = new() { Mode = MapMode.FrozenLayout };

    /// <summary>
    /// An ordinary mapping of the whole file (MAP_SHARED): no lease, and nothing is refused, whatever the file is made of; for code that
    /// only wants spans, ranges and exceptions.
    /// </summary>
    /// <remarks>
    /// Nobody asks before changing the file under it: an access beyond the end of a file that was truncated, or a store to a hole on a full
    /// disk, is a <see cref="MappingFaultException"/> afterwards (<see cref="FaultContainment"/>); with <see cref="PolicyCheck.AtAccess"/>
    /// the full disk is one before the store is made.
    /// </remarks>
    public static MapOptions Ordinary { get; } = new() { Mode = MapMode.Ordinary };

    /// <summary>
    /// What is asked of the mapping: a lease or none, persistent memory or none; <see cref="MapMode.DirectOrEmulated"/> by default.
    /// </summary>
    public MapMode Mode { get; init; } = MapMode.DirectOrEmulated;

    /// <summary>What mmap would be told: MAP_SHARED_VALIDATE and MAP_DIRECT, or MAP_SHARED for an ordinary mapping.</summary>
    /// <remarks>It follows from <see cref="Mode"/>.</remarks>
    public MapFlags Flags => Mode == MapMode.Ordinary ? MapFlags.Shared : MapFlags.SharedValidate | MapFlags.Direct;

    /// <summary>The bytes of the file that are mapped; all of them by default.</summary>
    /// <remarks>
    /// The offset is a multiple of the page size (<see cref="Environment.SystemPageSize"/>), and the length is 1 or more.
    /// <see cref="FileRange.From"/> and <see cref="FileRange.Whole"/> mean up to the end of the file as it is when it is mapped. Whatever
    /// part is mapped, the lease is on the whole file, unless <see cref="LeaseCoverage"/> says otherwise.
    /// </remarks>
    public FileRange Range { get; init; } = FileRange.Whole;

    /// <summary>What the mapping may do; null (the default) for what the file was opened for.</summary>
    public MappingAccess? Access { get; init; }

    /// <summary>
    /// The unit in which stores have to become durable at least, or the mapping is refused
    /// (<see cref="RefusalReason.GranularityUnavailable"/>, which names what is missing); null (the default) for whatever there is.
    /// </summary>
    /// <remarks>It is libpmem2's required store granularity. <see cref="RegionFacts.Granularity"/> says what the region has.</remarks>
    public PersistGranularity? RequiredGranularity { get; init; }

    /// <summary>
    /// The granularity of persistent memory that is emulated, for tests and measurements; null (the default) for the file's own way.
    /// </summary>
    /// <remarks>
    /// A region persists then as if the file were on such persistent memory: cache lines are flushed, or nothing is, and no system call is
    /// made. It is stamped <see cref="DurabilityKind.Emulated"/>: what it persists survives the process, not the machine.
    /// <see cref="PersistGranularity.Page"/> stands for msync, whatever the file is on.
    /// </remarks>
    public PersistGranularity? EmulatedGranularity { get; init; }

    /// <summary>
    /// What the mapping may do to the block map, in place of what the file's policy says; null (the default) for the file's policy
    /// (<see cref="DirectFileOptions.FaultPolicy"/>), or for an ordinary mapping <see cref="FaultPolicies.Permissive"/>.
    /// </summary>
    public IFaultPolicy? FaultPolicy { get; init; }

    /// <summary>When the policy judges the extents: at map time (the default) or at access.</summary>
    public PolicyCheck PolicyCheck { get; init; }

    /// <summary>What is asked for against accesses that the kernel answers with a signal (SIGBUS): by default the best there is.</summary>
    /// <remarks><see cref="RegionFacts.Containment"/> says what the region has.</remarks>
    public FaultContainment FaultContainment { get; init; }

    /// <summary>How far a fault reaches: the whole region (the default), or only the pages that were lost.</summary>
    /// <remarks>
    /// It means something only where faults are contained: <see cref="FaultReach.Page"/> with <see cref="FaultContainment.Off"/> is an
    /// ArgumentException.
    /// </remarks>
    public FaultReach FaultReach { get; init; }

    /// <summary>
    /// Whether the region's lease is shared (the default) or exclusive: then layout operations of other owners fail with ETXTBSY
    /// instead of breaking it.
    /// </summary>
    public LeaseMode LeaseMode { get; init; }

    /// <summary>Which bytes the region's lease covers: the whole file (the default) or only what is mapped.</summary>
    public LeaseCoverage LeaseCoverage { get; init; }

    /// <summary>
    /// What to do while a break of the file's leases is pending, or leases of others exclude this one: refuse (the default, a
    /// <see cref="LeaseConflictException"/>) or wait.
    /// </summary>
    public WhenUnavailable WhenUnavailable { get; init; }

    /// <summary>
    /// How long <see cref="MappedRegion.DisposeAsync"/> waits for open scopes at most; 5 seconds by default,
    /// <see cref="TimeSpan.Zero"/> for not at all, <see cref="Timeout.InfiniteTimeSpan"/> for ever.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative and not infinite, or more than
    /// <see cref="int.MaxValue"/> milliseconds.</exception>
    public TimeSpan DrainTime
    {
        get => _drainTime;
        init
        {
            if (value != Timeout.InfiniteTimeSpan)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
                ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromMilliseconds(int.MaxValue));
            }

            _drainTime = value;
        }
    }

    /// <summary>
    /// Called once, with the region, when somebody wants the file: persist what has to stay, and dispose the region, here or elsewhere,
    /// before <see cref="LeaseBreak.Deadline"/>; what is not disposed is revoked then.
    /// </summary>
    /// <remarks>
    /// It is called on a pool thread, or on one of the library's when the pool has none for some 10 to 30 milliseconds; with no lock held.
    /// What it throws goes to <see cref="LeaseCoordinator.CallbackFailed"/>. An <c>async void</c> callback is on its own after its first
    /// await, as everywhere in .NET: what it throws then ends the process; <see cref="OnBreakAsync"/> is for that. Inside the callback, an
    /// operation that would have to wait for a lease fails with EDEADLK; so does code that continues inside it because it completed a task:
    /// create such sources with <see cref="TaskCreationOptions.RunContinuationsAsynchronously"/>. To have the file again, map it outside
    /// the callback, with <see cref="WhenUnavailable.Wait"/>.
    /// </remarks>
    public Action<MappedRegion, LeaseBreak>? OnBreak { get; init; }

    /// <summary>
    /// As <see cref="OnBreak"/>, and may await: what its task fails with goes to <see cref="LeaseCoordinator.CallbackFailed"/>, too.
    /// </summary>
    /// <remarks>
    /// Nobody waits for the task: the holder has let go when the region is disposed. Up to its first await it is as <see cref="OnBreak"/>.
    /// Behind it an operation may wait, also for this very lease, which then is revoked at the deadline: so dispose the region first. Where
    /// both are set, both are called.
    /// </remarks>
    public Func<MappedRegion, LeaseBreak, Task>? OnBreakAsync { get; init; }

    /// <summary>
    /// Called with the region after its file was changed by somebody who did not ask: from before the file is judged on, and before the
    /// handlers of <see cref="MappedRegion.Trespassed"/>.
    /// </summary>
    public Action<MappedRegion, Trespass>? OnTrespass { get; init; }

    /// <summary>
    /// The options that mmap's flags ask for: <see cref="Direct"/> for MAP_SHARED_VALIDATE with MAP_DIRECT, <see cref="Ordinary"/> for
    /// MAP_SHARED, or MAP_SHARED_VALIDATE alone.
    /// </summary>
    /// <param name="flags">The flags.</param>
    /// <returns>The options; everything else as in <see cref="Default"/>.</returns>
    /// <exception cref="NotSupportedException">A flag is not known, or is not known together with the others (EOPNOTSUPP, which is in
    /// <see cref="Exception.HResult"/>): none is ever ignored.</exception>
    public static MapOptions FromFlags(MapFlags flags)
    {
        const MapFlags Known = MapFlags.SharedValidate | MapFlags.Direct;
        return flags switch
        {
            MapFlags.SharedValidate | MapFlags.Direct => Direct,
            MapFlags.Shared or MapFlags.SharedValidate => Ordinary,
            _ when (flags & ~Known) != 0 => throw Unknown($"flags 0x{(ulong)(flags & ~Known):x} are not known"),
            _ when flags.HasFlag(MapFlags.Direct) => throw Unknown("MAP_DIRECT goes only with MAP_SHARED_VALIDATE"),
            _ => throw Unknown("only shared mappings (MAP_SHARED, MAP_SHARED_VALIDATE) are made"),
        };
    }

    private static NotSupportedException Unknown(string why) => new($"{why} (EOPNOTSUPP)") { HResult = Errno.EOPNOTSUPP };
}
