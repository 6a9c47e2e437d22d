namespace DirectMap.Regions;

/// <content>
/// The lease as those who use the region have it. It is this object, and not what the coordinator gave: who disposes that one would leave a
/// mapping that nobody asks any more.
/// </content>
internal sealed partial class RegionCore : ILayoutLease, IOwned
{
    /// <summary>Whose region it is.</summary>
    public object Owner => _lease.Owner;

    FileRange ILayoutLease.Range => Lease.Range;

    LeaseMode ILayoutLease.Mode => Lease.Mode;

    LeaseState ILayoutLease.State => Lease.State;

    LeaseBreak? ILayoutLease.CurrentBreak => Lease.CurrentBreak;

    CancellationToken ILayoutLease.Breaking => Lease.Breaking;

    Task<LeaseBreak?> ILayoutLease.WaitForBreakAsync(CancellationToken cancellationToken) => Lease.WaitForBreakAsync(cancellationToken);

    void ILayoutLease.Upgrade() => Lease.Upgrade();

    ValueTask ILayoutLease.UpgradeAsync(CancellationToken cancellationToken) => Lease.UpgradeAsync(cancellationToken);

    void ILayoutLease.Downgrade() => Lease.Downgrade();

#pragma warning disable CA1816 // The finalizer unmaps, and only it: others may still be inside an access.
    void IDisposable.Dispose() => Dispose();
#pragma warning restore CA1816

    /// <summary>Returns what the lease says of itself, for messages.</summary>
    public override string? ToString() => Lease.ToString();
}
