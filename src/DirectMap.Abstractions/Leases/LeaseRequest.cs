namespace DirectMap;

/// <summary>A request for a layout lease.</summary>
public sealed record LeaseRequest
{
    /// <summary>The file.</summary>
    public required FileId File { get; init; }

    /// <summary>The owner: an opaque object compared by reference.</summary>
    /// <remarks>
    /// Operations of the same owner do not break its own leases, and its leases do not exclude each other. The coordinator keeps it alive
    /// while the lease lives, so it should refer to nothing.
    /// </remarks>
    public required object Owner { get; init; }

    /// <summary>Shared (the default) or exclusive.</summary>
    public LeaseMode Mode { get; init; }

    /// <summary>The bytes whose layout the lease covers; the whole file by default, as in the kernel's proposal.</summary>
    /// <remarks>Operations that touch none of them do not break it. A lease on an empty range is never broken.</remarks>
    public FileRange Range { get; init; } = FileRange.Whole;

    /// <summary>The bytes that are mapped under the lease; empty (the default) for a lease without a mapping.</summary>
    /// <remarks>
    /// An operation of the same owner that would take blocks away from them fails with EBUSY. They must lie within <see cref="Range"/>.
    /// </remarks>
    public FileRange Mapped { get; init; }

    /// <summary>Who asks, in words; for messages and snapshots.</summary>
    public string? Holder { get; init; }

    /// <summary>Whether the request waits for what is in its way or is refused.</summary>
    public WhenUnavailable WhenUnavailable { get; init; }

    /// <summary>
    /// Called once when a break begins, on a pool thread, or on one of the coordinator's when the pool has none for some 10 to 30
    /// milliseconds; no lock is held.
    /// </summary>
    /// <remarks>
    /// What it throws goes to the coordinator's report (LeaseCoordinator.CallbackFailed) and harms nobody. While it runs, its thread may
    /// start no operation that would have to wait for a lease (EDEADLK). The lease object keeps it alive, the coordinator does not.
    /// </remarks>
    public Action<LeaseBreak>? OnBreak { get; init; }

    /// <summary>
    /// Invalidates whatever lives under the lease: when it returns, every access fails and nothing reaches the file any more.
    /// </summary>
    /// <remarks>
    /// It is called by the coordinator with no lock held: on a thread of its own when the deadline has passed, on the finalizer's when the
    /// lease object was collected without having been released (so it should not block); may be called again after it threw, or
    /// concurrently with a release. When it throws, the breakers are told and the lease stays in force. The coordinator keeps this delegate
    /// alive: it must not refer to the object that the user holds.
    /// </remarks>
    public Action<LeaseBreak?>? Revoke { get; init; }
}
