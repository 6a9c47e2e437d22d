using DirectMap.Threading;

namespace DirectMap.Inodes;

/// <summary>
/// A lease for which parties from outside have joined: they are left when it has ended. When it is forgotten it ends as the one within it
/// does, whose revocation leaves them.
/// </summary>
internal sealed class JoinedLease(FileArbiter arbiter, ILayoutLease lease, LeaseAttempt attempt, LeaseRequest request)
    : ILayoutLease, IEndsByItself
{
    public FileRange Range => lease.Range;

    public LeaseMode Mode => lease.Mode;

    public LeaseState State => lease.State;

    public LeaseBreak? CurrentBreak => lease.CurrentBreak;

    public CancellationToken Breaking => lease.Breaking;

    bool IEndsByItself.EndsByItself => Tether.EndsByItself(lease);

    public Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default) =>
        lease.WaitForBreakAsync(cancellationToken);

    public void Upgrade() => arbiter.Upgrade(lease, attempt, request);

    public ValueTask UpgradeAsync(CancellationToken cancellationToken = default) =>
        lease.State is LeaseState.Released or LeaseState.Revoked
            ? throw new ObjectDisposedException(
                $"{nameof(DirectMap)}.{nameof(ILayoutLease)}", $"The lease on {lease.Range} has ended: {lease.State}.")
            : arbiter.UpgradeAsync(lease, attempt, request, cancellationToken);

    public void Downgrade()
    {
        lease.Downgrade();
        attempt.Downgraded();
    }

    public void Dispose() => attempt.End(lease);

    public override string? ToString() => lease.ToString();
}
