using System.Runtime.ConstrainedExecution;
using DirectMap.Inodes;
using DirectMap.Threading;

namespace DirectMap.Files;

/// <summary>
/// A lease without a mapping. It keeps the inode, and with it the coordinator that all users of the file share, also when the file object
/// is disposed. A coordinator of the user's may give leases that do not end when they are collected; this one does.
/// </summary>
internal sealed class HeldLease(ILayoutLease lease, InodeReference inode, object owner) : CriticalFinalizerObject, ILayoutLease, IOwned
{
    ~HeldLease()
    {
        if (Tether.EndsByItself(lease))
        {
            return; // It ends by itself, and says so in diagnostic mode.
        }

        try
        {
            lease.Dispose();
        }
        catch (Exception)
        {
            // A coordinator of the user's own may throw; on the finalizer's thread that would end the process.
        }
    }

    public FileRange Range => lease.Range;

    public LeaseMode Mode => lease.Mode;

    public LeaseState State => lease.State;

    object IOwned.Owner => owner;

    public LeaseBreak? CurrentBreak => lease.CurrentBreak;

    public CancellationToken Breaking => lease.Breaking;

    public async Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await lease.WaitForBreakAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            GC.KeepAlive(this); // Who only waits keeps the lease.
        }
    }

    public void Upgrade() => lease.Upgrade();

    public ValueTask UpgradeAsync(CancellationToken cancellationToken = default) => lease.UpgradeAsync(cancellationToken);

    public void Downgrade() => lease.Downgrade();

    public override string? ToString() => lease.ToString();

    public void Dispose()
    {
        lease.Dispose();
        inode.Dispose();
        GC.SuppressFinalize(this);
    }
}
