namespace DirectMap;

/// <summary>How a <see cref="DirectFile"/> is opened.</summary>
public sealed record DirectFileOptions
{
    /// <summary>For reading and writing (the default) or for reading only.</summary>
    public FileAccess Access { get; init; } = FileAccess.ReadWrite;

    /// <summary>
    /// Who arbitrates; null (the default) for <see cref="DirectFile.DefaultCoordinator"/>. The first opener binds the inode: to open it meanwhile under another coordinator
    /// is an <see cref="InvalidOperationException"/>.
    /// </summary>
    public ILeaseCoordinator? Coordinator { get; init; }

    /// <summary>What direct mappings may do; null (the default) for <see cref="FaultPolicies.Strict"/>. A mapping's own (<see cref="MapOptions.FaultPolicy"/>) replaces it, and ordinary mappings do not ask it.</summary>
    public IFaultPolicy? FaultPolicy { get; init; }

    /// <summary>Where the extents come from that the policy judges; null (the default) for the file system.</summary>
    public IBlockMap? BlockMap { get; init; }
}
