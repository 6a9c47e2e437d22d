using DirectMap.Mapping;

namespace DirectMap;

/// <summary>
/// What was known of a region when it was mapped, and does not change while it lives: what it is stored on, how durable that is, and what
/// becomes of a fault.
/// </summary>
/// <remarks>It is immutable, safe for any thread, and of use also when the region was disposed.</remarks>
public sealed record RegionFacts
{
    internal RegionFacts(
        string path, FileRange range, MappingAccess access, LeaseFacts lease, StorageFacts storage, FaultFacts fault)
    {
        Path = path;
        Range = range;
        Access = access;
        Lease = lease;
        Storage = storage;
        Fault = fault;
    }

    /// <summary>What was asked for.</summary>
    public MapMode Mode => Lease.Mode;

    /// <summary>Whether the mapping holds a lease (MAP_DIRECT), or is an ordinary one (<see cref="MapOptions.Ordinary"/>).</summary>
    public bool IsDirect => Lease.IsDirect;

    /// <summary>Whether the file is not on persistent memory: loads and stores go to the page cache.</summary>
    public bool IsEmulated => !Storage.File.IsDax;

    /// <summary>
    /// How the file was opened and mapped: <see cref="FileBackingKind.Linux"/> or <see cref="FileBackingKind.Portable"/>.
    /// </summary>
    public FileBackingKind BackingKind => Storage.Backing.Kind;

    /// <summary>
    /// Whether the file system leaves the blocks where they are; <see cref="BlockMapStability.Unverified"/> where nobody can say.
    /// </summary>
    public BlockMapStability BlockMapStability => Storage.File.Stability;

    /// <summary>How durable <see cref="MappedRegion.Persist()"/> is, and why not more.</summary>
    public Stated<DurabilityKind> Durability => Storage.Durability;

    /// <summary>
    /// The unit in which stores become durable, and why it is not finer: what <see cref="MappedRegion.Persist(long, long)"/> rounds out to.
    /// </summary>
    /// <remarks>It is libpmem2's effective store granularity.</remarks>
    public Stated<PersistGranularity> Granularity => Storage.Granularity.Stated;

    /// <summary>How far a fault reaches: the whole region, or only the pages that were lost.</summary>
    public FaultReach FaultReach => Fault.Reach;

    /// <summary>How faults in the mapping (SIGBUS) are contained, and why not better.</summary>
    public Stated<ContainmentKind> Containment => Fault.Containment;

    /// <summary>What happens to the mapping when its lease is revoked while code is still at work in it, and why not more.</summary>
    public Stated<RevocationKind> Revocation => Storage.Backing.Revocation;

    /// <summary>How long <see cref="MappedRegion.DisposeAsync"/> waits for open scopes at most.</summary>
    public TimeSpan DrainTime => Lease.DrainTime;

    /// <summary>The file's path as it was opened, for messages.</summary>
    internal string Path { get; }

    /// <summary>The bytes of the file.</summary>
    internal FileRange Range { get; }

    /// <summary>What the mapping may do.</summary>
    internal MappingAccess Access { get; }

    /// <summary>What it was mapped under.</summary>
    internal LeaseFacts Lease { get; init; }

    /// <summary>What the bytes are stored on.</summary>
    internal StorageFacts Storage { get; init; }

    /// <summary>What becomes of a fault.</summary>
    internal FaultFacts Fault { get; init; }

    internal bool IsWaived => Lease.IsWaived;

    internal GuardOptions Guard => Lease.Guard;
}
