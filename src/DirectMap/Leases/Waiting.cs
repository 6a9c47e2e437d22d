namespace DirectMap.Leases;

/// <summary>
/// A breaker, or a request for a lease. While it waits it looks at one thing that is in its way, whatever else is, and is looked at again
/// only when that has gone. Everything is read and written under the table's gate.
/// </summary>
internal abstract class Waiting : Obstacle
{
    private Waiting? _before;
    private Waiting? _next;

    /// <summary>Its place in the order of arrival at its table.</summary>
    internal long Number { get; set; }

    /// <summary>What it looks at; null for one that does not wait, or is about to be looked at.</summary>
    internal Obstacle? Watched { get; private set; }

    internal void Watch(Obstacle obstacle)
    {
        Watched = obstacle;
        _next = obstacle.Watchers;
        if (_next is not null)
        {
            _next._before = this;
        }

        obstacle.Watchers = this;
    }

    /// <summary>Does nothing for one that looks at nothing.</summary>
    internal void Unwatch()
    {
        if (Watched is null)
        {
            return;
        }

        if (_before is null)
        {
            Watched.Watchers = _next;
        }
        else
        {
            _before._next = _next;
        }

        if (_next is not null)
        {
            _next._before = _before;
        }

        Watched = null;
        _before = null;
        _next = null;
    }

    /// <summary>The one behind it of those that look at the same.</summary>
    internal Waiting? NextWatcher => _next;
}
