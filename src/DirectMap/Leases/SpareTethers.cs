using DirectMap.Threading;

namespace DirectMap.Leases;

/// <summary>
/// The tethers of one table's handles: some of those that were let go are kept, and used again. Everything happens under the table's gate.
/// </summary>
internal struct SpareTethers
{
    private const int Most = 16;

    private Tether? _first;
    private int _count;

    /// <summary>Hangs a handle on a tether.</summary>
    /// <returns>The way to it, for those who must not keep it alive.</returns>
    internal WeakReference<Tether> Attach(ITethered handle, ref Tether? tether)
    {
        tether = _first;
        if (tether is null)
        {
            tether = new Tether();
        }
        else
        {
            _first = tether.Next;
            tether.Next = null; // Else a handle would keep the one that gets the next tether.
            _count--;
        }

        tether.Attach(handle);
        return tether.Weak;
    }

    /// <summary>The handle lets go itself. Idempotent.</summary>
    internal void Detach(ref Tether? tether)
    {
        if (tether is { } used)
        {
            tether = null;
            if (used.TryDetach() && _count < Most)
            {
                used.Next = _first;
                _first = used;
                _count++;
            }
        }
    }

    /// <summary>Keeps none from now on.</summary>
    internal void Retire()
    {
        _first = null;
        _count = Most;
    }
}
