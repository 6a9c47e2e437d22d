namespace DirectMap.Leases;

/// <summary>
/// Those of the waiting that were set free and are to be looked at before the gate is left: in the order of arrival, breakers before
/// requests. Mostly it is one, who needs no order.
/// </summary>
internal struct FreedQueue()
{
    private const long BehindAllBreakers = 1L << 62;

    private readonly PriorityQueue<Waiting, long> _others = new();
    private Waiting? _one;

    /// <summary>So that setting them free needs no memory.</summary>
    internal readonly void EnsureCapacity(int waiting) => _others.EnsureCapacity(waiting);

    internal void Add(Waiting waiting)
    {
        if (_one is null)
        {
            _one = waiting;
        }
        else
        {
            _others.Enqueue(waiting, OrderOf(waiting));
        }
    }

    /// <summary>Takes the next one out; null where there is none.</summary>
    internal Waiting? Take()
    {
        Waiting? one = _one;
        if (_others.Count != 0 && (one is null || OrderOf(_others.Peek()) < OrderOf(one)))
        {
            return _others.Dequeue();
        }

        _one = null;
        return one;
    }

    private static long OrderOf(Waiting waiting) => waiting is Breaker ? waiting.Number : BehindAllBreakers + waiting.Number;
}
