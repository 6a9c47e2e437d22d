namespace DirectMap;

/// <summary>How a <see cref="DirectFile"/> is opened.</summary>
public sealed record DirectFileOptions
{
    /// <summary>For reading and writing, under the factory's settings.</summary>
    public static DirectFileOptions Default { get; } = new();

    /// <summary>For reading and writing (the default) or for reading only.</summary>
    public FileAccess Access { get; init; } = FileAccess.ReadWrite;

    /// <summary>
    /// Who arbitrates; null (the default) for the factory's, which is that of <see cref="DirectFileFactory.Default"/> for the static
    /// members of <see cref="DirectFile"/>.
    /// </summary>
    /// <remarks>
    /// The first opener binds the inode: to open it meanwhile under another coordinator is an <see cref="InvalidOperationException"/>.
    /// </remarks>
    public ILeaseCoordinator? Coordinator { get; init; }

    /// <summary>
    /// What direct mappings may do; null (the default) for the factory's, which is <see cref="FaultPolicies.Strict"/> if it does not say
    /// otherwise.
    /// </summary>
    /// <remarks>A mapping's own (<see cref="MapOptions.FaultPolicy"/>) replaces it, and ordinary mappings do not ask it.</remarks>
    public IFaultPolicy? FaultPolicy { get; init; }

    /// <summary>How it is opened, mapped and changed; null (the default) for the factory's.</summary>
    /// <remarks>A file that the process has open with one backing cannot be opened with the other meanwhile.</remarks>
    public FileBackingKind? Backing { get; init; }

    /// <summary>Who else may have the file open, as FileStream means it.</summary>
    /// <remarks>
    /// With null (the default) no lock is taken, and nobody's is heeded. On Linux <see cref="FileShare.None"/> is an exclusive lock of the
    /// file (flock), and all other values are a shared one: so it keeps from each other those who take part (FileStream, File,
    /// MemoryMappedFile, flock), and no others. Whoever is in the way makes opening an <see cref="IOException"/> (EAGAIN). It is held until
    /// the file, and each region and lease that was had through it, is disposed. A file that is created is locked before it has its name.
    /// (On Windows after that, and so where it gets its name by a hard link, as on many FUSE file systems: then somebody else may have been
    /// faster, which is the same <see cref="IOException"/>, and the file stays.) The portable backing always takes part: null is as
    /// <see cref="FileShare.ReadWrite"/> with <see cref="FileShare.Delete"/> there.
    /// </remarks>
    public FileShare? Share { get; init; }

    /// <summary>Whether leases may be held on a file that the caller does not own, without CAP_LEASE.</summary>
    /// <remarks>
    /// With false (the default) that is EACCES, as for the kernel's leases, which make every process wait. With true this library's leases
    /// make only this process wait, so whoever may open the file may hold them, and <see cref="MappedRegion.Protection"/> says so. It is
    /// for files that a group shares, as on a volume with Kubernetes' fsGroup.
    /// </remarks>
    public bool LeasesWithoutOwnership { get; init; }

    /// <summary>
    /// What the file is to be protected from beyond changes through this library; null (the default) for the factory's, which is
    /// <see cref="GuardOptions.Default"/> if it does not say otherwise: a change that did not ask is told afterwards, and nobody is made to
    /// wait.
    /// </summary>
    public GuardOptions? Guard { get; init; }

    /// <summary>
    /// Where the extents come from that the policy judges; null (the default) for the file system, or for what the
    /// portable backing emulates.
    /// </summary>
    public IBlockMap? BlockMap { get; init; }
}
