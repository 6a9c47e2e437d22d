using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// Hands a break to the user's callback together with the region or lease; a break that begins before that is made is
/// handed over when it is.
/// </summary>
internal sealed class BreakDelivery<T>(Action<T, LeaseBreak> callback, ILeaseCoordinator coordinator)
    where T : class
{
    private readonly UninterruptedLock _gate = new();
    private T? _holder;
    private LeaseBreak? _pending;

    /// <summary>The lease's callback.</summary>
    internal void Deliver(LeaseBreak leaseBreak)
    {
        T? holder;
        using (_gate.Enter())
        {
            holder = _holder;
            if (holder is null)
            {
                _pending = leaseBreak;
                return;
            }
        }

        callback(holder, leaseBreak);
    }

    /// <summary>The holder is made; called once.</summary>
    internal void Attach(T holder)
    {
        using (_gate.Enter())
        {
            _holder = holder;
            if (_pending is not null)
            {
                UserCode.Queue(Deliver, _pending, coordinator.ReportCallbackFailure);
            }
        }
    }
}
