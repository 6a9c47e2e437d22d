namespace DirectMap;

/// <content>Making an existing file fit for direct mapping.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// Makes an existing file fit for direct mapping: gives every byte a written block of its own, so that no later store makes the file
    /// system allocate (holes), convert (unwritten extents) or copy (shared ones).
    /// </summary>
    /// <remarks>
    /// Contents stay, also what somebody else writes meanwhile through the page cache (write(2), mappings), and are durable afterwards. Not
    /// so direct I/O (O_DIRECT) that is made meanwhile: the kernel does not keep it apart from the page cache, and either may overwrite the
    /// other. Where something is to be done, the leases of other owners are broken; where nothing is, nobody is disturbed.
    /// </remarks>
    /// <param name="options">What and how; null for the whole file.</param>
    /// <param name="cancellationToken">Ends it between two pieces of at most 32 MiB (the wait for the holders not: that is what
    /// <see cref="PrepareAsync"/> is for). What is done by then stays done.</param>
    /// <returns>What was found and done.</returns>
    /// <exception cref="ArgumentException">The file system refuses to allocate bytes of the range, or to write them (EINVAL).</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range reaches beyond the end of the file.</exception>
    /// <exception cref="MapRefusedException">
    /// It cannot be done here: the file system moves blocks by itself (btrfs without NOCOW, ...; the message says what to do), the data is
    /// compressed or encrypted, the medium is bad. Or somebody undid it again and again.
    /// </exception>
    /// <exception cref="LeaseConflictException">As for <see cref="PunchHole"/>.</exception>
    /// <exception cref="TimeoutException"><see cref="BreakOptions.Timeout"/> has passed. Nothing was
    /// changed; the break goes on.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading only (EBADF), or is immutable or
    /// append-only (EPERM).</exception>
    /// <exception cref="IOException">There is no space (ENOSPC), writing back failed (EIO), the file was truncated meanwhile
    /// or the file system does not say what is wrong (EFAULT), or a part lies beyond the process's RLIMIT_FSIZE (EFBIG).
    /// Contents are as they were.</exception>
    /// <exception cref="NotSupportedException">The kernel is older than 5.14 (EINVAL).</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public PrepareReport Prepare(PrepareOptions? options = null, CancellationToken cancellationToken = default) =>
        _preparation.Prepare(options ?? PrepareOptions.Default, cancellationToken);

    /// <param name="cancellationToken">
    /// Ends the wait for the holders (the break goes on), and the work between two pieces of at most 32 MiB. What is done by then stays
    /// done.
    /// </param>
    /// <remarks>
    /// <inheritdoc cref="Prepare(PrepareOptions, CancellationToken)"/> The wait for the holders does not hold a thread, and a pool thread
    /// does the work.
    /// </remarks>
    /// <inheritdoc cref="Prepare(PrepareOptions, CancellationToken)"/>
    public Task<PrepareReport> PrepareAsync(PrepareOptions? options = null, CancellationToken cancellationToken = default) =>
        _preparation.PrepareAsync(options ?? PrepareOptions.Default, cancellationToken);
}
