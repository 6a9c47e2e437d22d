using DirectMap.Inodes;

namespace DirectMap;

/// <summary>A lease without a mapping. It keeps the inode, and with it the coordinator that all users of the file share, also when the file object is disposed.</summary>
internal sealed class DirectFileLease(ILayoutLease lease, InodeReference inode) : ILayoutLease
{
    public FileRange Range => lease.Range;

    public LeaseMode Mode => lease.Mode;

    public LeaseState State => lease.State;

    public LeaseBreak? CurrentBreak => lease.CurrentBreak;

    public CancellationToken Breaking => lease.Breaking;

    public Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default) => lease.WaitForBreakAsync(cancellationToken);

    public void Upgrade() => lease.Upgrade();

    public ValueTask UpgradeAsync(CancellationToken cancellationToken = default) => lease.UpgradeAsync(cancellationToken);

    public void Downgrade() => lease.Downgrade();

    public void Dispose()
    {
        lease.Dispose();
        inode.Dispose();
    }
}
