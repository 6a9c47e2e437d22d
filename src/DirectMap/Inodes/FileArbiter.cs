using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// The throat of one inode: all leases on it are taken, and all broken, through here, and parties from outside of this process
/// (<see cref="IOutsideParty"/>) have their say. Among the users of this process the coordinator decides. Safe for any thread. Invariants:
/// <list type="number">
/// <item>No lease is granted before every party's join for it has returned. Whoever has joined is left once, and not before the lease has
/// ended: it was released, or what lived under it was revoked, or nobody got it (refused, cancelled, interrupted, thrown).</item>
/// <item>No operation of this process runs before every party has cleared it. It is cleared when it has the coordinator's right, so whoever
/// waits for a right has nothing that a party gave. Each clear is ended once, after the operation and before others get the right.
/// What a party breaks leases for is no operation of this process, and is not cleared: nobody waits for himself.</item>
/// <item>No lease is granted on a word that no longer holds. The epochs are read before the first join, and again when the coordinator has
/// the lease in its table. If one has moved, the lease is released, the parties are left, and all begins anew. No lock is needed: a
/// party moves its epoch first and looks at the leases then, and here the lease is in force first and the epoch is read then, with a full
/// fence between the two on either side. So either the move is seen here, or the party finds the lease in force and breaks it as any other.
/// A request that does not wait is refused after <see cref="MostAttempts"/>; one that waits goes on, as for any holder. The same holds for
/// an upgrade: the parties join for it, too. Where a word has changed the lease is downgraded, and all begins anew.</item>
/// <item>The parties are asked in the order of their seats and left in the reverse one. No lock of the library is held then. Where one
/// throws, the lease or the operation is refused with its exception, and those before it are left. They are let go when the inode is
/// closed, after all that they gave was given back, but for what was forgotten. The parties of an inode that is opened anew are made after
/// that.</item>
/// <item>Time in a party counts: a breaker's timeout is given to each party, and to each less, by what those before and the coordinator
/// have used; so are cancellation, <see cref="BreakOptions.WhenUnavailable"/> and <see cref="WhenUnavailable"/>.</item>
/// <item>Where there is no party all of this is one field read and one branch, and nothing is allocated.</item>
/// <item>What the inode is protected from is what the strongest party vouches for (of equals the first), and never less than
/// <see cref="Unwatched"/>. It changes under the gate, which also puts it in the queue of each region that asked; handlers are called
/// outside. So every region hears each change, in one order, and the last that it hears is the present one.</item>
/// </list>
/// </summary>
/// <param name="file">The inode.</param>
/// <param name="coordinator">Who arbitrates within this process.</param>
/// <param name="makers">What makes the parties, in the order in which they are asked; null for none.</param>
internal sealed partial class FileArbiter(FileId file, ILeaseCoordinator coordinator, IReadOnlyList<PartyMaker>? makers)
{
    /// <summary>How often a request that does not wait is tried while the epochs of parties move.</summary>
    internal const int MostAttempts = 8;

    internal const string Unnoticed =
        "operations that do not come through this library, and those of other processes, are not noticed";

    /// <summary>Of whom parties are asked when the first lease or right is wanted.</summary>
    private static readonly OutsideSeat[] s_unasked = [null!];

    private OutsideSeat[]? _seats = makers is null ? null : s_unasked; // null: nobody; else written under the gate

    /// <summary>What a lease protects from where nobody vouches for more.</summary>
    internal static Protection Unwatched { get; } = new(ProtectionLevel.ThisProcess, Unnoticed);

    internal FileId File => file;

    /// <summary>A description of the file; null where only leases are arbitrated, and when it is closed.</summary>
    internal SafeFileHandle? Description => _inode?.Description;

    /// <inheritdoc cref="Inode.SoleDescription"/>
    internal (SafeFileHandle Description, bool IsWritable)? SoleDescription() => _inode?.SoleDescription();

    /// <inheritdoc cref="Inode.Owns"/>
    internal bool Owns(int descriptor) => _inode?.Owns(descriptor) ?? false;

    /// <summary>How long a holder has to let go; zero for ever.</summary>
    internal TimeSpan LeaseBreakTime => coordinator.LeaseBreakTime;

    internal TimeProvider TimeProvider => coordinator.TimeProvider;

    internal Action<Exception> CallbackFailed => coordinator.ReportCallbackFailure;

    /// <inheritdoc cref="ILeaseCoordinator.Acquire(LeaseRequest)"/>
    internal ILayoutLease Acquire(LeaseRequest request) =>
        Volatile.Read(ref _seats) is null ? coordinator.Acquire(request) : AcquireBesideParties(request);

    /// <inheritdoc cref="ILeaseCoordinator.AcquireAsync(LeaseRequest, CancellationToken)"/>
    internal ValueTask<ILayoutLease> AcquireAsync(LeaseRequest request, CancellationToken cancellationToken) =>
        Volatile.Read(ref _seats) is null
            ? coordinator.AcquireAsync(request, cancellationToken)
            : AcquireBesidePartiesAsync(request, cancellationToken);

    /// <inheritdoc cref="ILeaseCoordinator.Break(BreakRequest)"/>
    internal ILayoutRight Break(BreakRequest request) =>
        Volatile.Read(ref _seats) is null ? coordinator.Break(request) : BreakBesideParties(request);

    /// <inheritdoc cref="ILeaseCoordinator.BreakAsync(BreakRequest, CancellationToken)"/>
    internal ValueTask<ILayoutRight> BreakAsync(BreakRequest request, CancellationToken cancellationToken) =>
        Volatile.Read(ref _seats) is null
            ? coordinator.BreakAsync(request, cancellationToken)
            : BreakBesidePartiesAsync(request, cancellationToken);

    /// <summary>The leases in force on the inode.</summary>
    internal IReadOnlyList<LeaseInfo> LeasesInForce => coordinator.Snapshot(file).Leases;

    /// <summary>Whether bytes are mapped under a lease.</summary>
    internal bool IsMapped(FileRange bytes)
    {
        foreach (LeaseInfo lease in LeasesInForce)
        {
            if (lease.Mapped.Overlaps(bytes))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Who else holds the layout exclusively, in words; null for nobody.</summary>
    internal string? ExclusiveHolder(object owner)
    {
        foreach (LeaseInfo lease in LeasesInForce)
        {
            if (lease.Mode == LeaseMode.Exclusive && !lease.IsOwnedBy(owner))
            {
                return NameOf(lease);
            }
        }

        return null;
    }

    /// <summary>Who else holds leases, in words.</summary>
    internal IEnumerable<string> OtherHolders(object owner) =>
        LeasesInForce.Where(lease => !lease.IsOwnedBy(owner)).Select(NameOf);

    /// <summary>For <see cref="OutsideSeat"/>.</summary>
    internal ILayoutRight BreakFromOutside(BreakRequest request) => coordinator.Break(request);

    /// <inheritdoc cref="BreakFromOutside"/>
    internal ValueTask<ILayoutRight> BreakFromOutsideAsync(BreakRequest request, CancellationToken cancellationToken) =>
        coordinator.BreakAsync(request, cancellationToken);

    private static string NameOf(LeaseInfo lease) => lease.Holder ?? "an unnamed holder";
}
