namespace DirectMap;

/// <content>Leases without a mapping, and the right to change the layout over several operations.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// Freezes the layout without a mapping: while the lease is held, nobody else writes the file, or changes its block map or size,
    /// through this library without breaking it first.
    /// </summary>
    /// <remarks>
    /// The file may be any, DAX or not. The lease belongs to this object, and lives on when that is disposed. If it is to wait, it waits
    /// without a bound: <see cref="AcquireLeaseAsync"/> can be cancelled.
    /// </remarks>
    /// <param name="options">What lease; null for a shared one on the whole file.</param>
    /// <returns>The lease; dispose it to let go.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is not a value of its enumeration.</exception>
    /// <exception cref="UnauthorizedAccessException">The caller neither owns the file nor has CAP_LEASE (EACCES).</exception>
    /// <exception cref="LeaseConflictException">A break is pending, or leases of others exclude this one (EWOULDBLOCK); or waiting for that
    /// would be waiting for oneself (EDEADLK).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ILayoutLease AcquireLease(LeaseOptions? options = null) => _leases.Acquire(options ?? LeaseOptions.Default);

    /// <remarks><inheritdoc cref="AcquireLease(LeaseOptions)"/> The wait does not hold a thread.</remarks>
    /// <inheritdoc cref="AcquireLease(LeaseOptions)"/>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public ValueTask<ILayoutLease> AcquireLeaseAsync(LeaseOptions? options = null, CancellationToken cancellationToken = default) =>
        _leases.AcquireAsync(options ?? LeaseOptions.Default, cancellationToken);

    /// <summary>Takes the right to change the file over several operations (break_layout in the kernel).</summary>
    /// <remarks>
    /// The leases of others on the range are broken. Until the right is given back nobody else changes that range, and no lease on it is
    /// granted, to nobody.
    /// This object's own operations within the range are made under it, and do not wait for each other's right again; changes by other
    /// means (a FileStream, another library) disturb no other holder. Regions and leases of this object's own are not broken and stay: its
    /// operations refuse to take blocks away from them, other means do not, so dispose them first. The right is this object's, not a
    /// thread's: it does not keep the object's own threads apart. An operation that overlaps the range without lying within it fails with
    /// EDEADLK.
    /// </remarks>
    /// <param name="range">The bytes. <see cref="FileRange.Whole"/> for the whole file; <see cref="FileRange.From"/> for
    /// what changes the length.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <returns>The right; dispose it to give it back.</returns>
    /// <exception cref="LeaseConflictException">
    /// Another owner holds the layout exclusively (ETXTBSY); leases are in the way and the caller does not wait (EWOULDBLOCK); its
    /// own lease is being broken, or it would wait inside a break callback, or for a right that it holds (EDEADLK); a holder could
    /// not be invalidated (EIO).
    /// </exception>
    /// <exception cref="TimeoutException"><see cref="BreakOptions.Timeout"/> has passed. The break goes on.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading only (EBADF).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ILayoutRight BreakLayout(FileRange range, BreakOptions? options = null) =>
        _leases.Break(range, options ?? BreakOptions.Default);

    /// <remarks><inheritdoc cref="BreakLayout(FileRange, BreakOptions)"/> The wait does not hold a thread.</remarks>
    /// <inheritdoc cref="BreakLayout(FileRange, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait; the break goes on.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. The break goes on.</exception>
    public ValueTask<ILayoutRight> BreakLayoutAsync(
        FileRange range, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _leases.BreakAsync(range, options ?? BreakOptions.Default, cancellationToken);

    /// <summary>The leases on the file that are in force now, whoever holds them: for tools and support.</summary>
    /// <remarks><see cref="LeaseCoordinator.Snapshot()"/> shows breakers and waiting requests, too.</remarks>
    /// <returns>A copy of one moment.</returns>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public IReadOnlyList<LeaseInfo> GetLeases() => _leases.InForce();
}
