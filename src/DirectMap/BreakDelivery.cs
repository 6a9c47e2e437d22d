using DirectMap.Leases;

namespace DirectMap;

/// <summary>Hands a break to the user's callback together with the region; a break that begins before the region is made is handed over when it is.</summary>
internal sealed class BreakDelivery(Action<MappedRegion, LeaseBreak> callback, Action<Exception>? failed)
{
    private readonly Lock _gate = new();
    private MappedRegion? _region;
    private LeaseBreak? _pending;

    /// <summary>The lease's callback; on a pool thread.</summary>
    internal void Deliver(LeaseBreak leaseBreak)
    {
        MappedRegion? region;
        lock (_gate)
        {
            region = _region;
            if (region is null)
            {
                _pending = leaseBreak;
                return;
            }
        }

        callback(region, leaseBreak);
    }

    /// <summary>The region is made; called once.</summary>
    internal void Attach(MappedRegion region)
    {
        lock (_gate)
        {
            _region = region;
            if (_pending is not null)
            {
                BreakCallback.Queue(Deliver, _pending, failed);
            }
        }
    }
}
