using System.Runtime.ConstrainedExecution;

namespace DirectMap.Leases;

/// <summary>
/// The handle that a holder has: it tells of the break and releases the lease. When it is collected without having been released, what lives under the lease is
/// revoked first and the lease goes then, so that a forgotten holder never leaves a breaker waiting for ever. The finalizer is a critical one, so that finalizers of the user's
/// that still use what lives under the lease run before.
/// </summary>
internal sealed class LayoutLease : CriticalFinalizerObject, ILayoutLease
{
    private readonly LeaseRecord _record;
    private readonly Action<LeaseBreak>? _onBreak;
    private readonly Action<Exception>? _callbackFailed;
    private readonly Lock _gate = new();
    private CancellationTokenSource? _breaking;
    private TaskCompletionSource<LeaseBreak?>? _awaited;
    private int _waits; // live ones; those that end with the lease are not counted down
    private bool _notified;

    internal LayoutLease(LeaseRecord record, Action<LeaseBreak>? onBreak, Action<Exception>? callbackFailed)
    {
        _record = record;
        _onBreak = onBreak;
        _callbackFailed = callbackFailed;
        record.Handle = this;
    }

    ~LayoutLease()
    {
        _record.Table.Abandon(_record);
        lock (_gate)
        {
            SettleAwaitedUnsynchronized();
        }
    }

    public FileRange Range => _record.Range;

    public LeaseState State => _record.State;

    public LeaseBreak? CurrentBreak => _record.Break;

    public CancellationToken Breaking
    {
        get
        {
            lock (_gate)
            {
                if (_notified && _breaking is null)
                {
                    return new CancellationToken(canceled: true);
                }

                return (_breaking ??= new CancellationTokenSource()).Token;
            }
        }
    }

    public async Task<LeaseBreak?> WaitForBreakAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task<LeaseBreak?> awaited;
        lock (_gate)
        {
            // Whoever changes the record afterwards (a break, a release) takes the gate later and finds the source.
            _awaited ??= new TaskCompletionSource<LeaseBreak?>(TaskCreationOptions.RunContinuationsAsynchronously);
            awaited = _awaited.Task;
            SettleAwaitedUnsynchronized();
            if (!awaited.IsCompleted)
            {
                _waits++;
                _record.Awaited = this; // Who only waits keeps the lease: nothing else may refer to the waiting code.
            }
        }

        try
        {
            return await awaited.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                if (--_waits == 0)
                {
                    _record.Awaited = null;
                }
            }

            throw;
        }
    }

    public void Dispose()
    {
        _record.Table.Release(_record);
        GC.SuppressFinalize(this);
        lock (_gate)
        {
            SettleAwaitedUnsynchronized();
        }
    }

    /// <summary>Tells the holder, once; called by the table after the break began, with no lock held.</summary>
    internal void Notify(LeaseBreak leaseBreak)
    {
        CancellationTokenSource? breaking;
        lock (_gate)
        {
            _notified = true;
            breaking = _breaking;
            SettleAwaitedUnsynchronized();
        }

        if (_onBreak is not null)
        {
            BreakCallback.Queue(_onBreak, leaseBreak, _callbackFailed);
        }

        if (breaking is not null)
        {
            // Not CancelAsync: the callbacks must run where they are recognized as break callbacks.
            BreakCallback.Queue(static source => source.Cancel(), breaking, _callbackFailed);
        }
    }

    private void SettleAwaitedUnsynchronized()
    {
        if (_awaited is null)
        {
            return;
        }

        // The state before the break: a break may begin, and be over, between the two.
        bool released = _record.State == LeaseState.Released;
        if (_record.Break is { } leaseBreak)
        {
            _awaited.TrySetResult(leaseBreak);
            _record.Awaited = null;
        }
        else if (released)
        {
            _awaited.TrySetResult(null);
            _record.Awaited = null;
        }
    }
}
