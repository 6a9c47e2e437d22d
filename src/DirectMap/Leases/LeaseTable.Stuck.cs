namespace DirectMap.Leases;

/// <content>Who would wait for himself: for a right that he holds, or for somebody who waits for it.</content>
internal sealed partial class LeaseTable
{
    /// <summary>Of how many owners it is kept what they would wait for: each breaker that arrives is looked at for each of them.</summary>
    private const int MostStuck = 8;

    private readonly Dictionary<object, StuckRanges> _stuck = new(ReferenceEqualityComparer.Instance); // of those who asked last

    /// <summary>
    /// Whether an arriving breaker, or a request for a lease (null), would wait for a right that its own owner holds: one that it touches
    /// and is not under, or one that a breaker waits for that it would have to wait for. (Operations that are running end by themselves, so
    /// they are not looked at. What was waiting already when the right was granted is another thread's business.)
    /// </summary>
    private bool WaitsForItselfUnsynchronized(object owner, FileRange range, Breaker? breaker)
    {
        if (_rights.Count == 0 || !_rights.TryGetValue(owner, out BreakerRanges? rights))
        {
            return false;
        }

        if (breaker is null ? rights.HasTouching(range) : rights.HasCrossing(range))
        {
            return true;
        }

        return !(breaker is not null && IsUnderRightUnsynchronized(breaker)) && StuckUnsynchronized(owner, rights).Overlaps(range);
    }

    /// <summary>
    /// Kept while no right comes or goes where somebody waits, and nobody gives up: who is stuck is not granted meanwhile, and who arrives
    /// is added.
    /// </summary>
    private StuckRanges StuckUnsynchronized(object owner, BreakerRanges rights)
    {
        if (!_stuck.TryGetValue(owner, out StuckRanges? stuck))
        {
            if (_stuck.Count == MostStuck)
            {
                _stuck.Clear();
            }

            _stuck[owner] = stuck = new StuckRanges();
            if (rights.Exists(right => _queued.Find(right.Range) is not null))
            {
                List<Breaker> queued = [];
                _queued.CollectAll(queued);
                queued.Sort(static (one, other) => one.Number.CompareTo(other.Number)); // One waits for those that came before.
                foreach (Breaker breaker in queued)
                {
                    AddIfStuckUnsynchronized(stuck, owner, breaker);
                }
            }
        }

        return stuck;
    }

    /// <summary>A right comes or goes. Where nobody waits, it is in nobody's way, and nobody is under it.</summary>
    private void ForgetStuckUnsynchronized(Breaker right)
    {
        if (_queued.Find(right.Range) is not null)
        {
            _stuck.Clear();
        }
    }

    private void AddIfStuckUnsynchronized(StuckRanges stuck, object owner, Breaker breaker)
    {
        bool isOwn = breaker.Request.Owner == owner;
        if ((isOwn ? _rights[owner].HasCrossing(breaker.Range) : _rights[owner].HasTouching(breaker.Range))
            || (stuck.Overlaps(breaker.Range) && !IsUnderRightUnsynchronized(breaker)))
        {
            stuck.Add(breaker.Range);
        }
    }
}
