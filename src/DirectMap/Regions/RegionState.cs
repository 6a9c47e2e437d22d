namespace DirectMap;

/// <summary>The states of a <see cref="MappedRegion"/>.</summary>
public enum RegionState
{
    /// <summary>Mapped, and nobody asked for the file.</summary>
    Active = 0,

    /// <summary>Mapped and fully usable, but a breaker waits: let go before the deadline.</summary>
    Breaking = 1,

    /// <summary>Being released: open scopes go on, new ones are refused.</summary>
    Releasing = 2,

    /// <summary>Released by its holder.</summary>
    Disposed = 3,

    /// <summary>Invalidated at the lease break deadline.</summary>
    Revoked = 4,

    /// <summary>
    /// A page was lost (the file was truncated, the disk is full, the medium failed), and accesses throw until
    /// <see cref="MappedRegion.RestoreLostPages"/>.
    /// </summary>
    /// <remarks>
    /// The lease is still held. That is so only where a fault reaches the whole region (<see cref="FaultReach.Region"/>).
    /// </remarks>
    Faulted = 5,
}
