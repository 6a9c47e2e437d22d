using DirectMap.Threading;

namespace DirectMap.Regions;

/// <summary>What an ordinary mapping has in place of a lease: nobody can break it.</summary>
internal sealed class NoLease : ILayoutLease
{
    private readonly TaskCompletionSource<LeaseBreak?> _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FileRange Range => default;

    public LeaseMode Mode => LeaseMode.Shared;

    public LeaseState State => _released.Task.IsCompleted ? LeaseState.Released : LeaseState.Active;

    public LeaseBreak? CurrentBreak => null;

    public CancellationToken Breaking => CancellationToken.None;

    public Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default) =>
        _released.Task.WaitAsync(cancellationToken);

    public void Upgrade() => throw None();

    public ValueTask UpgradeAsync(CancellationToken cancellationToken = default) => throw None();

    public void Downgrade() => throw None();

    public void Dispose() => _released.Complete(null);

    private static InvalidOperationException None() => new("An ordinary mapping holds no lease.");
}
