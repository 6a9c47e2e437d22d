namespace DirectMap;

/// <summary>What lease to take without a mapping.</summary>
/// <remarks>It is immutable: <c>with</c> changes a copy.</remarks>
public sealed record LeaseOptions
{
    /// <summary>A shared lease on the whole file.</summary>
    public static LeaseOptions Default { get; } = new();

    /// <summary>Shared (the default) or exclusive.</summary>
    public LeaseMode Mode { get; init; }

    /// <summary>The bytes whose layout is to stay; the whole file by default.</summary>
    /// <remarks>
    /// It is rounded out to what the file system changes at once: whole blocks, on XFS with reflink the window in which it copies shared
    /// blocks (128 KiB by default). <see cref="ILayoutLease.Range"/> shows what was granted. Nothing ever breaks a lease on an empty range.
    /// </remarks>
    public FileRange Range { get; init; } = FileRange.Whole;

    /// <summary>What to do while a break is pending there, or leases of others exclude this one: refuse (the default) or wait.</summary>
    public WhenUnavailable WhenUnavailable { get; init; }

    /// <summary>
    /// Called once, with the lease, when somebody wants the file; on a pool thread, or on one of the library's when the pool has none for
    /// some 10 to 30 milliseconds; with no lock held.
    /// </summary>
    /// <remarks>
    /// What it throws goes to <see cref="LeaseCoordinator.CallbackFailed"/>. Inside it, an operation that would have to wait for a lease
    /// fails with EDEADLK.
    /// </remarks>
    public Action<ILayoutLease, LeaseBreak>? OnBreak { get; init; }

    /// <summary>
    /// As <see cref="OnBreak"/>, and may await: what its task fails with goes to <see cref="LeaseCoordinator.CallbackFailed"/>, too.
    /// </summary>
    /// <remarks>Nobody waits for the task: the holder has let go when the lease is disposed. Where both are set, both are called.</remarks>
    public Func<ILayoutLease, LeaseBreak, Task>? OnBreakAsync { get; init; }
}
