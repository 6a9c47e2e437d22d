namespace DirectMap;

/// <summary>Arbitrates breakers against the holders of layout leases.</summary>
/// <remarks>
/// One coordinator serves any number of files; within a process one inode belongs to one coordinator. All members are safe for any thread.
/// </remarks>
public interface ILeaseCoordinator
{
    /// <summary>The clock of every deadline and timeout.</summary>
    TimeProvider TimeProvider { get; }

    /// <summary>
    /// How long a holder has to let go (/proc/sys/fs/lease-break-time in the kernel); <see cref="TimeSpan.Zero"/> means for ever.
    /// </summary>
    TimeSpan LeaseBreakTime { get; }

    /// <summary>
    /// The diagnostic mode: who is told of mistakes in the use of the leases, and of the files and regions under this coordinator.
    /// </summary>
    /// <remarks>
    /// With null it is off. It is asked each time something is taken. A coordinator that wraps another one returns the other's.
    /// </remarks>
    Action<DiagnosticFinding>? Diagnostics { get; }

    /// <summary>Takes a lease.</summary>
    /// <remarks>It waits, if the request says so, without a bound: <see cref="AcquireAsync"/> can be cancelled.</remarks>
    /// <param name="request">What is wanted.</param>
    /// <returns>The lease.</returns>
    /// <exception cref="ArgumentException">A mode or behaviour is not a value of its enumeration, or <see cref="LeaseRequest.Mapped"/> does
    /// not lie within <see cref="LeaseRequest.Range"/>.</exception>
    /// <exception cref="ArgumentNullException"><paramref name="request"/> or its owner is null.</exception>
    /// <exception cref="LeaseConflictException">
    /// A break is pending, or leases of others exclude it, and the request does not wait (<see cref="LeaseConflict.WouldBlock"/>); or it
    /// would wait inside a break callback, or the right that is in its way is its owner's own, whether it waits or not
    /// (<see cref="LeaseConflict.Deadlock"/>).
    /// </exception>
    ILayoutLease Acquire(LeaseRequest request);

    /// <remarks><inheritdoc cref="Acquire(LeaseRequest)"/> The wait does not hold a thread.</remarks>
    /// <inheritdoc cref="Acquire(LeaseRequest)"/>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken = default);

    /// <summary>Breaks the leases of other owners that the request touches, and waits until they are gone.</summary>
    /// <param name="request">What is to be done.</param>
    /// <returns>The right to do it; dispose it when it is done.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="request"/>, its owner, its breaker or its options are null.</exception>
    /// <exception cref="LeaseConflictException">
    /// Another owner holds the layout exclusively (<see cref="LeaseConflict.ExclusivelyHeld"/>); the breaker does not wait
    /// (<see cref="LeaseConflict.WouldBlock"/>); the owner has mapped what the operation would take away
    /// (<see cref="LeaseConflict.Busy"/>); a lease of the same owner is itself being broken, or the caller would wait inside a break
    /// callback or for a right that its owner holds (<see cref="LeaseConflict.Deadlock"/>); a holder could not be invalidated
    /// (<see cref="LeaseConflict.RevocationFailed"/>).
    /// </exception>
    /// <exception cref="TimeoutException"><see cref="BreakOptions.Timeout"/> has passed.</exception>
    ILayoutRight Break(BreakRequest request);

    /// <remarks>The wait does not hold a thread.</remarks>
    /// <inheritdoc cref="Break(BreakRequest)"/>
    /// <param name="cancellationToken">Ends the wait; the break goes on all the same.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask<ILayoutRight> BreakAsync(BreakRequest request, CancellationToken cancellationToken = default);

    /// <summary>Who holds, breaks and waits for what on one file, at one moment.</summary>
    /// <param name="file">The file.</param>
    /// <returns>A copy; empty for a file on which there is nothing.</returns>
    LeaseSnapshot Snapshot(FileId file);

    /// <summary>
    /// Takes what a user's callback has thrown: the callbacks of leases, files and regions under this coordinator, and
    /// <see cref="Diagnostics"/>.
    /// </summary>
    /// <remarks>It is called on the thread that ran the callback. A coordinator that wraps another one passes it on.</remarks>
    /// <param name="failure">What was thrown.</param>
    /// <exception cref="ArgumentNullException"><paramref name="failure"/> is null.</exception>
    void ReportCallbackFailure(Exception failure);
}
