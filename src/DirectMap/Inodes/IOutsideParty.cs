namespace DirectMap.Inodes;

/// <summary>
/// Somebody outside of this process, or who speaks for it, with a say in the leases and operations on one inode
/// (<see cref="FileArbiter"/>).
/// <para>
/// It is called with no lock of the library held, by any thread, also by several at once. It keeps to the caller's patience: where a
/// request does not wait (<see cref="BreakOptions.WhenUnavailable"/>, <see cref="WhenUnavailable.Refuse"/>) it refuses with
/// <see cref="LeaseConflict.WouldBlock"/> instead of waiting, and <see cref="BreakOptions.Timeout"/> is what the caller has left. Whatever
/// it throws refuses the lease or the operation, and is the caller's to see. Within a call it asks the arbiter for nothing.
/// </para>
/// <para>
/// What it returns is disposed once. That may be on a finalizer's thread, so it waits for nobody and throws nothing.
/// </para>
/// </summary>
internal interface IOutsideParty
{
    /// <summary>Before a lease is granted; waits for what is under way outside.</summary>
    /// <param name="request">
    /// What is going to be asked of the coordinator. For an upgrade it is the request of the lease as it is going to be, and comes while
    /// the party is a member for the lease as it is.
    /// </param>
    /// <returns>To be disposed when the lease has ended, or was not granted.</returns>
    IDisposable Join(LeaseRequest request);

    /// <inheritdoc cref="Join(LeaseRequest)"/>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IDisposable> JoinAsync(LeaseRequest request, CancellationToken cancellationToken);

    /// <summary>Before an operation of this process runs, which has the right to by now.</summary>
    /// <param name="request">What is going to be done.</param>
    /// <returns>To be disposed when the operation has ended.</returns>
    IDisposable Clear(BreakRequest request);

    /// <inheritdoc cref="Clear(BreakRequest)"/>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IDisposable> ClearAsync(BreakRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// The inode is closed. It waits for nobody and throws nothing. Leases and rights that were forgotten may be given back after it, as
    /// finalizers run in any order.
    /// </summary>
    void Detach();
}

/// <summary>
/// Makes a party for one inode: part of what the inode is bound to (<see cref="FileBinding"/>). It is called when the first lease or right
/// is wanted, with no lock held. Two threads may do so at once, and then one's party is dropped without a word: so to make one does nothing
/// that has to be undone.
/// </summary>
/// <param name="seat">The party's place at the inode.</param>
internal delegate IOutsideParty PartyMaker(OutsideSeat seat);
