namespace DirectMap.Inodes;

/// <summary>
/// A party's place at one inode: what it says of itself there, and its way to break leases. Safe for any thread; a seat that was dropped,
/// or whose inode is closed, says nothing to anybody.
/// </summary>
internal sealed class OutsideSeat(FileArbiter arbiter)
{
    private long _epoch;

    internal FileId File => arbiter.File;

    internal FileArbiter Arbiter => arbiter;

    /// <summary>Set once, before anybody else sees the seat.</summary>
    internal IOutsideParty Party { get; set; } = null!;

    /// <summary>How often what the party has said may have ceased to hold.</summary>
    internal long Epoch => Volatile.Read(ref _epoch);

    /// <summary>What the party vouches for, which is nothing until it says so; under the arbiter's gate.</summary>
    internal Protection? Protection { get; set; }

    /// <summary>
    /// What was said to those who joined may not hold any more. First the party changes what it says, then it calls this, and only then it
    /// looks at who holds leases, or breaks them: either it finds the lease in force, or the lease is not granted
    /// (<see cref="FileArbiter"/>, 3).
    /// </summary>
    internal void MoveEpoch() => Interlocked.Increment(ref _epoch);

    /// <summary>The clock of whoever arbitrates.</summary>
    internal TimeProvider TimeProvider => arbiter.TimeProvider;

    /// <summary>Receives what the user's code throws.</summary>
    internal Action<Exception> Failed => arbiter.CallbackFailed;

    /// <summary>The inode was changed without asking: everybody who uses it is told.</summary>
    internal void Tell(Trespass trespass) => arbiter.Tell(new OutsideNotice(null, trespass));

    /// <summary>For some time the party would not have noticed a change: everybody who uses the inode looks what there is.</summary>
    internal void TellToLook() => arbiter.Tell(OutsideNotice.Look);

    /// <summary>Why the party does not vouch for more; null where it says nothing of that. Under the arbiter's gate.</summary>
    internal string? Missing { get; set; }

    /// <summary>What the party vouches for has changed, or why it is not more.</summary>
    /// <param name="level">What; null for nothing.</param>
    /// <param name="missing">Why it is not more, to be said beside what others vouch for; null for nothing.</param>
    internal void SetLevel(Protection? level, string? missing = null) => arbiter.SetLevel(this, level, missing);

    /// <summary>
    /// Breaks leases for an operation outside, and holds off new ones until the right is given back. Nobody is asked to clear that: it is
    /// no operation of this process. The owner is the operation's own, so that it breaks everybody's leases.
    /// </summary>
    /// <inheritdoc cref="ILeaseCoordinator.Break(BreakRequest)"/>
    internal ILayoutRight Break(BreakRequest request) => arbiter.BreakFromOutside(request);

    /// <inheritdoc cref="Break(BreakRequest)"/>
    /// <param name="cancellationToken">Ends the wait; the break goes on.</param>
    internal ValueTask<ILayoutRight> BreakAsync(BreakRequest request, CancellationToken cancellationToken) =>
        arbiter.BreakFromOutsideAsync(request, cancellationToken);
}
