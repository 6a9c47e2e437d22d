using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The handle that a holder has: it tells of the break and releases the lease. When it is collected without having been released, what
/// lives under the lease is revoked first and the lease goes then, so that a forgotten holder never leaves a breaker waiting for ever.
/// Everything mutable is written under the table's gate.
/// </summary>
internal sealed class LayoutLease(LeaseTable table, LeaseRecord record, Action<LeaseBreak>? onBreak)
    : UserCallback, ILayoutLease, ITethered
{
    private Tether? _tether;
    private CancellationTokenSource? _breaking; // made while nobody has broken the lease, and never later
    private TaskCompletionSource<LeaseBreak?>? _awaited; // likewise
    private int _waits; // live ones; those that end with the lease are not counted down

    public FileRange Range => record.Range;

    public LeaseMode Mode => record.Mode;

    public LeaseState State => record.State;

    public LeaseBreak? CurrentBreak => record.Break;

    public CancellationToken Breaking
    {
        get
        {
            using (table.EnterGate())
            {
                if (_breaking is null && record.Break is not null)
                {
                    return new CancellationToken(canceled: true);
                }

                return (_breaking ??= new CancellationTokenSource()).Token;
            }
        }
    }

    internal ref Tether? Tether => ref _tether;

    public Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<LeaseBreak?>(cancellationToken);
        }

        Task<LeaseBreak?> awaited;
        using (table.EnterGate())
        {
            if (record.Break is not null || !record.IsInForce)
            {
                return Task.FromResult(record.Break);
            }

            _awaited ??= new TaskCompletionSource<LeaseBreak?>(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited = _awaited.Task;
            _waits++;
            record.Awaited = this; // Who only waits keeps the lease: nothing else may refer to the waiting code.
        }

        return cancellationToken.CanBeCanceled ? AwaitAsync(awaited, cancellationToken) : awaited;
    }

    public void Upgrade() => Upgrade(wait: false);

    public ValueTask UpgradeAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        LeaseWaiter? waiter;
        try
        {
            waiter = Upgrade(wait: true);
        }
        catch (LeaseConflictException conflict)
        {
            return ValueTask.FromException(conflict);
        }

        return waiter is null ? ValueTask.CompletedTask : AwaitUpgradeAsync(waiter, cancellationToken);
    }

    public void Downgrade()
    {
        try
        {
            table.Downgrade(record);
        }
        catch
        {
            throw; // As below.
        }
    }

    public void Dispose()
    {
        bool wasBroken = table.Release(record, this);

        // The break, if there is one: it may have begun, and not have been told yet.
        _awaited?.Complete(record.Break);
        if (wasBroken)
        {
            table.MeasureLetGo(record);
        }
    }

    void ITethered.Abandon() => table.Abandon(record);

    public override string ToString() => $"{State} {Mode} lease of {record} on {Range}" + (CurrentBreak is { } told ? $"; {told}" : "");

    /// <summary>
    /// A lease that was waited for reaches its holder: it is held since now. (It was granted under the gate, where a
    /// user's clock is not read.)
    /// </summary>
    internal void MarkTaken()
    {
        try
        {
            record.Acquired = table.Services.Clock.Now;
        }
        catch (Exception)
        {
            // A clock of the user's that throws: the lease is granted all the same, since the request's arrival.
        }
    }

    /// <summary>Tells the holder; called by the table once, after the break began, with no lock held.</summary>
    internal void Notify()
    {
        // What is not there by now is never made: see the fields.
        LeaseBreak leaseBreak = record.Break!;
        _awaited?.Complete(leaseBreak);
        if (onBreak is not null)
        {
            CallbackWatch.Add(this); // itself: one object less for each break
        }

        if (_breaking is not null)
        {
            // Not CancelAsync: the callbacks must run where they are recognized as break callbacks.
            UserCode.Queue(static source => source.Cancel(), _breaking, table.Services.CallbackReport);
        }
    }

    private LeaseWaiter? Upgrade(bool wait)
    {
        try
        {
            return table.Upgrade(record, wait);
        }
        catch
        {
            throw; // From here, with the gate left: a filter of the caller's runs before the frames below are unwound.
        }
    }

    internal override void Run() => UserCode.Run(onBreak!, record.Break!, table.Services.CallbackReport);

    private async Task<LeaseBreak?> AwaitAsync(Task<LeaseBreak?> awaited, CancellationToken cancellationToken)
    {
        try
        {
            return await awaited.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            using (table.EnterGate())
            {
                if (--_waits == 0)
                {
                    record.Awaited = null;
                }
            }

            throw;
        }
    }

    private async ValueTask AwaitUpgradeAsync(LeaseWaiter waiter, CancellationToken cancellationToken) =>
        await LeaseWait.ForAsync(table, waiter, cancellationToken).ConfigureAwait(false);
}
