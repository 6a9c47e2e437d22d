using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The handle that a breaker has while it holds the right. When it is collected without having been disposed, the right goes.
/// </summary>
internal sealed class LayoutRight(Breaker breaker) : ILayoutRight, ITethered
{
    private Tether? _tether;

    public FileRange Range => breaker.Range;

    /// <summary>Written under the table's gate.</summary>
    internal ref Tether? Tether => ref _tether;

    public void Dispose() => breaker.Table.Finish(breaker, this);

    void ITethered.Abandon() => breaker.Table.Abandon(breaker);

    public override string ToString() => breaker.Request.ToString();

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
