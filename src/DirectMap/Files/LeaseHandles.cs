using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Leases;
using DirectMap.Linux;
using DirectMap.Regions;

namespace DirectMap.Files;

/// <summary>
/// The leases without a mapping, and the rights to change the layout, that one owner of a file is given. Safe for any thread.
/// </summary>
internal sealed class LeaseHandles(OwnedFile own, OpenedAs opened)
{
    /// <inheritdoc cref="DirectFile.AcquireLease"/>
    internal ILayoutLease Acquire(LeaseOptions options)
    {
        ThrowIfInvalid(options);
        InodeReference inode = CloneForLease();
        BreakNotifier<ILayoutLease>? delivery = Delivery(options);
        try
        {
            return LeaseOver(inode.Inode.Arbiter.Acquire(LeaseRequest(options, inode, delivery)), inode, delivery);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.AcquireLeaseAsync"/>
    internal ValueTask<ILayoutLease> AcquireAsync(LeaseOptions options, CancellationToken cancellationToken)
    {
        ThrowIfInvalid(options);
        own.ThrowIfClosed();
        return AcquireCheckedAsync(options, cancellationToken);
    }

    private async ValueTask<ILayoutLease> AcquireCheckedAsync(LeaseOptions options, CancellationToken cancellationToken)
    {
        InodeReference inode = CloneForLease();
        BreakNotifier<ILayoutLease>? delivery = Delivery(options);
        try
        {
            LeaseRequest request = LeaseRequest(options, inode, delivery);
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
    internal ILayoutRight Break(FileRange range, BreakOptions options)
    {
        BreakRequest request = own.Request(
            LayoutOperation.BreakLayout, range, takesBlocksAway: false, Patience.Checked(options));
        InodeReference inode = own.Reference.Clone();
        try
        {
            return new HeldRight(inode.Inode.Arbiter.Break(request), inode, own.Owner);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.BreakLayoutAsync"/>
    internal ValueTask<ILayoutRight> BreakAsync(FileRange range, BreakOptions options, CancellationToken cancellationToken)
    {
        options = Patience.Checked(options);
        own.ThrowIfClosed();
        return BreakCheckedAsync(range, options, cancellationToken);
    }

    private async ValueTask<ILayoutRight> BreakCheckedAsync(FileRange range, BreakOptions options, CancellationToken cancellationToken)
    {
        BreakRequest request = own.Request(LayoutOperation.BreakLayout, range, takesBlocksAway: false, options);
        InodeReference inode = own.Reference.Clone();
        try
        {
            return new HeldRight(
                await inode.Inode.Arbiter.BreakAsync(request, cancellationToken).ConfigureAwait(false), inode, own.Owner);
        }
        catch
        {
            inode.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="DirectFile.GetLeases"/>
    internal IReadOnlyList<LeaseInfo> InForce()
    {
        own.ThrowIfClosed();
        return own.Inode.Arbiter.LeasesInForce;
    }

    private BreakNotifier<ILayoutLease>? Delivery(LeaseOptions options) =>
        options.OnBreak is not null || options.OnBreakAsync is not null
            ? new BreakNotifier<ILayoutLease>(options.OnBreak, options.OnBreakAsync, own.Coordinator)
            : null;

    private HeldLease LeaseOver(ILayoutLease lease, InodeReference inode, BreakNotifier<ILayoutLease>? delivery)
    {
        HeldLease held = new(lease, inode, own.Owner);
        delivery?.Attach(held);
        return held;
    }

    private InodeReference CloneForLease()
    {
        opened.CheckLease(own.File, own.File.Status.Uid);
        return own.Reference.Clone();
    }

    private static void ThrowIfInvalid(LeaseOptions options)
    {
        Arguments.ThrowIfNotDefined(options.Mode, $"{nameof(LeaseOptions)}.{nameof(LeaseOptions.Mode)}");
        Arguments.ThrowIfNotDefined(options.WhenUnavailable, $"{nameof(LeaseOptions)}.{nameof(LeaseOptions.WhenUnavailable)}");
    }

    private LeaseRequest LeaseRequest(LeaseOptions options, InodeReference inode, BreakNotifier<ILayoutLease>? delivery) =>
        new()
        {
            File = inode.Inode.Id,
            Owner = own.Owner,
            Mode = options.Mode,
            Range = options.Range.Length == 0
                ? options.Range
                : Rounding.Out(options.Range, Math.Max(1, own.File.FileSystem.LayoutUnit)),
            WhenUnavailable = options.WhenUnavailable,
            Holder = own.Description,
            OnBreak = delivery is null ? null : delivery.Notify,

            // What lives under the lease is the inode's state in this process: the coordinator keeps it by this as long as
            // the lease is in force.
            Revoke = _ => inode.Dispose(),
        };
}
