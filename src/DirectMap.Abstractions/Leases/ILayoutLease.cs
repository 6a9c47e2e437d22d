namespace DirectMap;

/// <summary>
/// A lease on a file's layout: nobody changes the block map or the size of <see cref="Range"/> without breaking it first (F_LAYOUT in the kernel's proposals).
/// Disposing it releases it; that is idempotent and never waits. All members are safe for any thread.
/// </summary>
public interface ILayoutLease : IDisposable
{
    /// <summary>The bytes covered.</summary>
    FileRange Range { get; }

    /// <summary>The state now.</summary>
    LeaseState State { get; }

    /// <summary>The break of this lease, from its beginning on; null while nobody broke it.</summary>
    LeaseBreak? CurrentBreak { get; }

    /// <summary>Cancelled when a break begins. Releasing the lease does not cancel it. Callbacks run on a pool thread, with no lock held.</summary>
    CancellationToken Breaking { get; }

    /// <summary>Waits until a break begins, or the lease is released.</summary>
    /// <param name="cancellationToken">Ends the wait, not the lease.</param>
    /// <returns>The break; null when the lease was released before anybody broke it.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default);
}
