namespace DirectMap;

/// <summary>
/// A lease on a file's layout: nobody changes the block map or the size of <see cref="Range"/> without breaking it first (F_LAYOUT in the
/// kernel's proposals).
/// </summary>
/// <remarks>Disposing it releases it; that is idempotent and never waits. All members are safe for any thread.</remarks>
public interface ILayoutLease : IDisposable
{
    /// <summary>The bytes covered.</summary>
    FileRange Range { get; }

    /// <summary>Shared or exclusive, now.</summary>
    LeaseMode Mode { get; }

    /// <summary>The state now.</summary>
    LeaseState State { get; }

    /// <summary>The break of this lease, from its beginning on; null while nobody broke it.</summary>
    LeaseBreak? CurrentBreak { get; }

    /// <summary>A token that is cancelled when a break begins.</summary>
    /// <remarks>Releasing the lease does not cancel it. Callbacks run as <see cref="LeaseRequest.OnBreak"/> does.</remarks>
    CancellationToken Breaking { get; }

    /// <summary>Waits until a break begins, or the lease is released.</summary>
    /// <param name="cancellationToken">Ends the wait, not the lease.</param>
    /// <returns>The break; null when the lease was released before anybody broke it.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default);

    /// <summary>Makes a shared lease exclusive (F_SETLEASE with F_WRLCK); does nothing for one that is.</summary>
    /// <remarks>When it fails the lease stays as it was. It does not wait.</remarks>
    /// <exception cref="LeaseConflictException">Others hold leases on the same bytes, or this one is being broken
    /// (<see cref="LeaseConflict.WouldBlock"/>).</exception>
    /// <exception cref="ObjectDisposedException">The lease was released or revoked.</exception>
    void Upgrade();

    /// <exception cref="LeaseConflictException">
    /// <see cref="LeaseConflict.Deadlock"/>: another owner waits for this lease to be gone in order to upgrade its own; or this lease is
    /// being broken, before or during the wait; or the caller would wait inside a break callback.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The lease was released or revoked, before or during the wait.</exception>
    /// <remarks>
    /// It waits until no other owner holds a lease on the same bytes. It breaks nobody's lease. When it fails the lease stays as it was.
    /// </remarks>
    /// <inheritdoc cref="Upgrade()"/>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    ValueTask UpgradeAsync(CancellationToken cancellationToken = default);

    /// <summary>Makes an exclusive lease shared (F_SETLEASE with F_RDLCK); does nothing for one that is.</summary>
    /// <remarks>It never waits.</remarks>
    /// <exception cref="ObjectDisposedException">The lease was released or revoked.</exception>
    void Downgrade();
}
