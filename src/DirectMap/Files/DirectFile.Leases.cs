using DirectMap.Files;
using DirectMap.Inodes;
using DirectMap.Leases;
using DirectMap.Linux;
using DirectMap.Regions;

namespace DirectMap;

/// <content>Leases without a mapping, and the right to change the layout over several operations.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// Freezes the layout without a mapping: while the lease is held, nobody else writes the file, or changes its block map or size,
    /// through this library without breaking it first. On any file, DAX or not. The lease belongs to this object, and lives on when that is
    /// disposed.
    /// </summary>
    /// <remarks>If it is to wait, it waits without a bound: <see cref="AcquireLeaseAsync"/> can be cancelled.</remarks>
    /// <param name="options">What lease; null for a shared one on the whole file.</param>
    /// <returns>The lease; dispose it to let go.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is not a value of its enumeration.</exception>
    /// <exception cref="UnauthorizedAccessException">The caller neither owns the file nor has CAP_LEASE (EACCES).</exception>
    /// <exception cref="LeaseConflictException">A break is pending, or leases of others exclude this one (EWOULDBLOCK); or waiting for that
    /// would be waiting for oneself (EDEADLK).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public ILayoutLease AcquireLease(LeaseOptions? options = null)
    {
        InodeReference inode = CloneForLease();
        BreakDelivery<ILayoutLease>? delivery = Delivery(options);
        try
        {
            return LeaseOver(Coordinator.Acquire(LeaseRequest(options, inode, delivery)), inode, delivery);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <remarks>The wait does not hold a thread.</remarks>
    /// <inheritdoc cref="AcquireLease(LeaseOptions)"/>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public async ValueTask<ILayoutLease> AcquireLeaseAsync(LeaseOptions? options = null, CancellationToken cancellationToken = default)
    {
        InodeReference inode = CloneForLease();
        BreakDelivery<ILayoutLease>? delivery = Delivery(options);
        try
        {
            return LeaseOver(
                await Coordinator.AcquireAsync(LeaseRequest(options, inode, delivery), cancellationToken).ConfigureAwait(false),
                inode,
                delivery);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes the right to change the file over several operations (break_layout in the kernel): the leases of others on the range are
    /// broken, and until it is given back nobody else changes that range, and no lease on it is granted, to nobody. This object's own
    /// operations within the range are made under it, and do not wait for each other's right again; changes by other means (a FileStream,
    /// another library) disturb no other holder. Regions and leases of this object's own are not broken and stay: its operations refuse to
    /// take blocks away from them, other means do not, so dispose them first. The right is this object's, not a thread's: it does not keep
    /// the object's own threads apart. An operation that overlaps the range without lying within it fails with EDEADLK.
    /// </summary>
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
    public ILayoutBreak BreakLayout(FileRange range, BreakOptions? options = null)
    {
        BreakRequest request = _own.Request(LayoutOperation.BreakLayout, range, takesBlocksAway: false) with
        {
            Options = options ?? BreakOptions.Default
        };
        InodeReference inode = _own.Reference.Clone();
        try
        {
            return new DirectFileBreak(Coordinator.Break(request), inode);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="BreakLayout(FileRange, BreakOptions)"/>
    /// <remarks>The wait does not hold a thread.</remarks>
    /// <param name="cancellationToken">Ends the wait; the break goes on.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled. The break goes on.</exception>
    public async ValueTask<ILayoutBreak> BreakLayoutAsync(
        FileRange range, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        BreakRequest request = _own.Request(LayoutOperation.BreakLayout, range, takesBlocksAway: false) with
        {
            Options = options ?? BreakOptions.Default
        };
        InodeReference inode = _own.Reference.Clone();
        try
        {
            return new DirectFileBreak(await Coordinator.BreakAsync(request, cancellationToken).ConfigureAwait(false), inode);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The leases on the file that are in force now, whoever holds them: for tools and support. <see cref="LeaseCoordinator.Snapshot()"/>
    /// shows breakers and waiting requests, too.
    /// </summary>
    /// <returns>A copy of one moment.</returns>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public IReadOnlyList<LeaseInfo> GetLeases()
    {
        _own.ThrowIfClosed();
        return Coordinator.Snapshot(Id).Leases;
    }

    private BreakDelivery<ILayoutLease>? Delivery(LeaseOptions? options) =>
        options?.OnBreak is { } onBreak
            ? new BreakDelivery<ILayoutLease>(onBreak, Coordinator)
            : null;

    private static DirectFileLease LeaseOver(ILayoutLease lease, InodeReference inode, BreakDelivery<ILayoutLease>? delivery)
    {
        DirectFileLease held = new(lease, inode);
        delivery?.Attach(held);
        return held;
    }

    private InodeReference CloneForLease()
    {
        _opened.CheckLease(File, File.Status.Uid);
        return _own.Reference.Clone();
    }

    private LeaseRequest LeaseRequest(LeaseOptions? options, InodeReference inode, BreakDelivery<ILayoutLease>? delivery)
    {
        options ??= LeaseOptions.Default;
        RegionFactory.ThrowIfNotDefined(options.Mode, nameof(LeaseOptions.Mode));
        RegionFactory.ThrowIfNotDefined(options.WhenUnavailable, nameof(LeaseOptions.WhenUnavailable));
        return new LeaseRequest
        {
            File = inode.Inode.Id,
            Owner = _own.Owner,
            Mode = options.Mode,
            Range = options.Range.Length == 0
                ? options.Range
                : Rounding.Out(options.Range, Math.Max(1, File.FileSystem.LayoutUnit)),
            WhenUnavailable = options.WhenUnavailable,
            Holder = _own.Description,
            OnBreak = delivery is null ? null : delivery.Deliver,

            // What lives under the lease is the inode's state in this process: the coordinator keeps it by this as long as
            // the lease is in force.
            Revoke = _ => inode.Dispose(),
        };
    }
}
