using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Leases;
using DirectMap.Regions;

namespace DirectMap.Files;

/// <summary>
/// The leases without a mapping, and the rights to make several operations, that one owner of a file takes. Each keeps the inode.
/// </summary>
internal readonly struct OwnedLeases(OwnedFile own, OpenedAs opened)
{
    /// <inheritdoc cref="DirectFile.GetLeases"/>
    internal IReadOnlyList<LeaseInfo> InForce
    {
        get
        {
            own.ThrowIfClosed();
            return own.Inode.Arbiter.LeasesInForce;
        }
    }

    /// <inheritdoc cref="DirectFile.AcquireLease"/>
    internal ILayoutLease Acquire(LeaseOptions? options)
    {
        InodeReference inode = CloneForLease();
        BreakDelivery<ILayoutLease>? delivery = Delivery(options);
        try
        {
            return LeaseOver(inode.Inode.Arbiter.Acquire(Request(options, inode, delivery)), inode, delivery);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.AcquireLeaseAsync"/>
    internal async ValueTask<ILayoutLease> AcquireAsync(LeaseOptions? options, CancellationToken cancellationToken)
    {
        InodeReference inode = CloneForLease();
        BreakDelivery<ILayoutLease>? delivery = Delivery(options);
        try
        {
            LeaseRequest request = Request(options, inode, delivery);
            return LeaseOver(
                await inode.Inode.Arbiter.AcquireAsync(request, cancellationToken).ConfigureAwait(false), inode, delivery);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.BreakLayout"/>
    internal ILayoutBreak Break(FileRange range, BreakOptions? options)
    {
        BreakRequest request = Request(range, options);
        InodeReference inode = own.Reference.Clone();
        try
        {
            return new DirectFileBreak(inode.Inode.Arbiter.Break(request), inode);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.BreakLayoutAsync"/>
    internal async ValueTask<ILayoutBreak> BreakAsync(FileRange range, BreakOptions? options, CancellationToken cancellationToken)
    {
        BreakRequest request = Request(range, options);
        InodeReference inode = own.Reference.Clone();
        try
        {
            return new DirectFileBreak(
                await inode.Inode.Arbiter.BreakAsync(request, cancellationToken).ConfigureAwait(false), inode);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    private static DirectFileLease LeaseOver(ILayoutLease lease, InodeReference inode, BreakDelivery<ILayoutLease>? delivery)
    {
        DirectFileLease held = new(lease, inode);
        delivery?.Attach(held);
        return held;
    }

    private BreakDelivery<ILayoutLease>? Delivery(LeaseOptions? options) =>
        options?.OnBreak is { } onBreak ? new BreakDelivery<ILayoutLease>(onBreak, own.Coordinator) : null;

    private InodeReference CloneForLease()
    {
        OpenedFile file = own.File;
        opened.CheckLease(file, file.Status.Uid);
        return own.Reference.Clone();
    }

    private BreakRequest Request(FileRange range, BreakOptions? options) =>
        own.Request(LayoutOperation.BreakLayout, range, takesBlocksAway: false) with { Options = options ?? BreakOptions.Default };

    private LeaseRequest Request(LeaseOptions? options, InodeReference inode, BreakDelivery<ILayoutLease>? delivery)
    {
        options ??= LeaseOptions.Default;
        RegionFactory.ThrowIfNotDefined(options.Mode, nameof(LeaseOptions.Mode));
        RegionFactory.ThrowIfNotDefined(options.WhenUnavailable, nameof(LeaseOptions.WhenUnavailable));
        return new LeaseRequest
        {
            File = inode.Inode.Id,
            Owner = own.Owner,
            Mode = options.Mode,
            Range = options.Range.Length == 0
                ? options.Range
                : Rounding.Out(options.Range, Math.Max(1, own.File.FileSystem.LayoutUnit)),
            WhenUnavailable = options.WhenUnavailable,
            Holder = own.Description,
            OnBreak = delivery is null ? null : delivery.Deliver,

            // What lives under the lease is the inode's state in this process: the coordinator keeps it by this as long as
            // the lease is in force.
            Revoke = _ => inode.Dispose(),
        };
    }
}
