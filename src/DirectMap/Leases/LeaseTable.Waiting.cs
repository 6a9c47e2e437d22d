using System.Runtime.InteropServices;
using DirectMap.Threading;

namespace DirectMap.Leases;

/// <content>
/// Who waits for whom. A breaker waits for leases of other owners on its bytes, for running breakers there that do not cover it, and for
/// those that wait there and came before it, unless it is under a held right. A request waits for unfinished breakers and broken leases
/// on its bytes, and for leases that exclude it.
/// <para>
/// Each watches one of these only, so that a crowd costs n log n: what goes sets those free that watch it, and each of them looks for
/// something else that is in its way. Whoever arrives watches the last one that did, if that is in its way: then one is looked at for each
/// that finishes. Otherwise what is watched is chosen as if by lot (<see cref="BreakerIndex"/>): of n that are in the way, in whatever
/// order they go, some ln n are watched one after another.
/// </para>
/// </content>
internal sealed partial class LeaseTable
{
    private readonly HashSet<LeaseWaiter> _requests = []; // that wait; upgrades, too
    private readonly List<LeaseWaiter> _upgrades = []; // that wait
    private FreedQueue _freed = new();
    private readonly Dictionary<object, BreakerRanges> _rights = new(ReferenceEqualityComparer.Instance); // that are held, by owner
    private readonly Dictionary<object, BreakerRanges> _queuedOf = new(ReferenceEqualityComparer.Instance); // the same that wait, if many
    private bool _isQueueIndexed; // by _queuedOf, since there were many, until nobody waits
    private BreakerIndex _running;
    private BreakerIndex _queued; // that wait
    private Breaker? _lastQueued; // the last that arrived, while it waits
    private int _queuedCount;
    private long _arrived;

    private bool HasBreakers => !_running.IsEmpty || !_queued.IsEmpty;

    /// <summary>What has gone, or is no longer in everybody's way, sets those free that watch it.</summary>
    private void FreeUnsynchronized(Obstacle gone)
    {
        while (gone.Watchers is { } watcher)
        {
            SetFreeUnsynchronized(watcher);
        }
    }

    private void SetFreeUnsynchronized(Waiting watcher)
    {
        watcher.Unwatch();
        _freed.Add(watcher);
    }

    /// <summary>
    /// Lets everybody go on who was set free and no longer has to wait. Called after each change that may free somebody.
    /// </summary>
    private void AdvanceUnsynchronized()
    {
        while (_freed.Take() is { } waiting)
        {
            if (waiting is not Breaker breaker)
            {
                LookUnsynchronized((LeaseWaiter)waiting);
            }
            else if (breaker.IsUnfinished)
            {
                LookUnsynchronized(breaker); // Else it has failed together with the one that it had watched.
            }
        }
    }

    private void LookUnsynchronized(Breaker breaker)
    {
        if (ObstacleOfUnsynchronized(breaker) is { } obstacle)
        {
            breaker.Watch(obstacle);
            return;
        }

        LeaveQueueUnsynchronized(breaker);
        TaskCompletionSource<ILayoutRight> granted = breaker.Granted!;
        breaker.Granted = null;
        granted.Complete(GrantUnsynchronized(breaker));
    }

    private void LookUnsynchronized(LeaseWaiter waiter)
    {
        if (ObstacleOfUnsynchronized(waiter) is { } obstacle)
        {
            waiter.Watch(obstacle);
            return;
        }

        RemoveUnsynchronized(waiter);
        if (waiter.Upgraded is { } record)
        {
            UpgradeUnsynchronized(record);
            waiter.Granted.Complete(null);
        }
        else
        {
            waiter.Granted.Complete(GrantUnsynchronized(waiter.Request!, waiter.Arrived, waiter.Origin));
        }
    }

    private LayoutRight GrantUnsynchronized(Breaker breaker)
    {
        AssertMayRun(breaker);
        LayoutRight right = new(breaker);
        _tethers.Attach(right, ref right.Tether);
        breaker.IsUnfinished = true;
        breaker.IsRunning = true;
        _running.Add(breaker);
        if (breaker.IsRight)
        {
            AddRightUnsynchronized(breaker);
        }

        return right;
    }

    /// <summary>What it covers no longer waits for it, nor for others that only wait.</summary>
    private void AddRightUnsynchronized(Breaker right)
    {
        ForgetStuckUnsynchronized(right);
        bool isUnderAnother = IsUnderRightUnsynchronized(right);
        Add(_rights, right);
        Waiting? next;
        for (Waiting? watcher = right.Watchers; watcher is not null; watcher = next)
        {
            next = watcher.NextWatcher;
            if (watcher is Breaker breaker && right.Covers(breaker))
            {
                SetFreeUnsynchronized(breaker);
            }
        }

        if (isUnderAnother || _queued.IsEmpty)
        {
            return; // What it covers, the other one has covered before.
        }

        List<Breaker> touched = [];
        if (!_isQueueIndexed)
        {
            _queued.Collect(right.Range, touched);
        }
        else if (_queuedOf.TryGetValue(right.Request.Owner, out BreakerRanges? own))
        {
            own.CollectWithin(right.Range, touched);
        }

        foreach (Breaker breaker in touched)
        {
            if (breaker.Watched is not null && right.Covers(breaker))
            {
                SetFreeUnsynchronized(breaker);
            }
        }
    }

    private void QueueUnsynchronized(Breaker breaker)
    {
        _freed.EnsureCapacity(_queuedCount + _requests.Count + 1); // What goes must not need memory.
        Breaker? last = _lastQueued is { } queued && IsInTheWayUnsynchronized(queued, breaker) ? queued : null;
        IndexQueueUnsynchronized(breaker); // First: it needs memory, what follows does not.
        breaker.Watch(last ?? ObstacleOfUnsynchronized(breaker)!);
        AssertWatches(breaker);
        breaker.IsUnfinished = true;
        _queued.Add(breaker);
        _queuedCount++;
        _lastQueued = breaker;
        if (_stuck.Count != 0)
        {
            foreach ((object owner, StuckRanges stuck) in _stuck)
            {
                AddIfStuckUnsynchronized(stuck, owner, breaker);
            }
        }
    }

    private void WaitUnsynchronized(LeaseWaiter waiter)
    {
        _freed.EnsureCapacity(_queuedCount + _requests.Count + 1);
        waiter.Number = ++_arrived;
        _requests.Add(waiter);
        if (waiter.Upgraded is not null)
        {
            _upgrades.Add(waiter);
        }

        waiter.Watch(ObstacleOfUnsynchronized(waiter)!);
        AssertWatches(waiter);
    }

    /// <summary>A breaker has finished, or gives up.</summary>
    private void RemoveUnsynchronized(Breaker breaker)
    {
        if (breaker.IsUnfinished)
        {
            TakeOutUnsynchronized(breaker);
            AdvanceUnsynchronized();
        }
    }

    private bool RemoveUnsynchronized(LeaseWaiter waiter)
    {
        waiter.Unwatch();
        if (waiter.Upgraded is not null)
        {
            _upgrades.Remove(waiter);
        }

        return _requests.Remove(waiter);
    }

    private void TakeOutUnsynchronized(Breaker breaker)
    {
        breaker.IsUnfinished = false;
        if (!breaker.IsRunning)
        {
            Obstacle? watched = breaker.Watched;
            LeaveQueueUnsynchronized(breaker);
            _stuck.Clear();
            HandOverUnsynchronized(breaker, watched);
        }
        else
        {
            breaker.IsRunning = false;
            _running.Remove(breaker);
            if (breaker.IsRight)
            {
                RemoveRightUnsynchronized(breaker);
            }
        }

        FreeUnsynchronized(breaker);
    }

    /// <summary>
    /// One gives up that operations under the same right watch, since they come behind it: what it has watched is in their way as well.
    /// (They do not wait for each other; so they would all watch the one that is running.)
    /// </summary>
    private void HandOverUnsynchronized(Breaker from, Obstacle? to)
    {
        Waiting? next;
        for (Waiting? watcher = from.Watchers; watcher is not null && to is not null; watcher = next)
        {
            next = watcher.NextWatcher;
            if (watcher is Breaker breaker && IsUnderRightUnsynchronized(breaker) && IsInTheWayUnsynchronized(to as Breaker, breaker))
            {
                breaker.Unwatch();
                breaker.Watch(to);
            }
        }
    }

    private void RemoveRightUnsynchronized(Breaker right)
    {
        ForgetStuckUnsynchronized(right);
        Remove(_rights, right);
        if (!_rights.ContainsKey(right.Request.Owner))
        {
            _stuck.Remove(right.Request.Owner); // He would wait for nobody.
        }
    }

    /// <summary>Who waits alone, or with few, does not pay for what a crowd needs.</summary>
    private void IndexQueueUnsynchronized(Breaker arriving)
    {
        const int Few = 16;
        if (_queuedCount < Few && !_isQueueIndexed)
        {
            return;
        }

        if (!_isQueueIndexed)
        {
            _queuedOf.Clear(); // An attempt that failed may have left something.
            List<Breaker> queued = [];
            _queued.CollectAll(queued);
            queued.ForEach(breaker => Add(_queuedOf, breaker));
            _isQueueIndexed = true;
        }

        Add(_queuedOf, arriving);
    }

    /// <summary>One that is empty touches nobody, and is in nobody's way.</summary>
    private static void Add(Dictionary<object, BreakerRanges> ofOwners, Breaker breaker)
    {
        if (breaker.Range.Length != 0)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(ofOwners, breaker.Request.Owner, out _) ??= new BreakerRanges()).Add(breaker);
        }
    }

    private static void Remove(Dictionary<object, BreakerRanges> ofOwners, Breaker breaker)
    {
        if (breaker.Range.Length != 0)
        {
            BreakerRanges breakers = ofOwners[breaker.Request.Owner];
            breakers.Remove(breaker);
            if (breakers.IsEmpty)
            {
                ofOwners.Remove(breaker.Request.Owner);
            }
        }
    }

    private void LeaveQueueUnsynchronized(Breaker breaker)
    {
        breaker.Unwatch();
        _queued.Remove(breaker);
        _queuedCount--;
        if (_isQueueIndexed)
        {
            Remove(_queuedOf, breaker);
            _isQueueIndexed = _queuedCount > 0;
        }

        if (ReferenceEquals(_lastQueued, breaker))
        {
            _lastQueued = null;
        }
    }

    /// <summary>Something that is in the breaker's way, or null. The leases that are have been broken when the breaker arrived.</summary>
    private Obstacle? ObstacleOfUnsynchronized(Breaker breaker)
    {
        if (!_queued.IsEmpty && !IsUnderRightUnsynchronized(breaker) && _queued.FindEarlier(breaker) is { } earlier)
        {
            return earlier;
        }

        return _running.FindUncovering(breaker)
            ?? (Obstacle?)_breaking.Find(LeaseFilter.OfOthers(breaker.Range, breaker.Request.Owner));
    }

    private Obstacle? ObstacleOfUnsynchronized(LeaseWaiter waiter) => waiter.Upgraded is { } record
        ? ObstacleOfUpgradeUnsynchronized(record)
        : ObstacleOfUnsynchronized(waiter.Request!);

    private Obstacle? ObstacleOfUnsynchronized(LeaseRequest request)
    {
        if (PendingBreakOnUnsynchronized(request.Range) is { } pending)
        {
            return pending;
        }

        if (request.Mode == LeaseMode.Exclusive)
        {
            return _active.Find(LeaseFilter.OfOthers(request.Range, request.Owner));
        }

        return _exclusive == 0 ? null : _active.Find(LeaseFilter.ExclusiveOfOthers(request.Range, request.Owner));
    }

    /// <summary>
    /// An Active lease can become exclusive when no other owner has one there. The owner's own breakers are no obstacle: they and the lease
    /// do not mind each other.
    /// </summary>
    private LeaseRecord? ObstacleOfUpgradeUnsynchronized(LeaseRecord record)
    {
        LeaseFilter others = LeaseFilter.OfOthers(record.Range, record.Owner);
        return _active.Find(others) ?? _breaking.Find(others);
    }

    private Obstacle? PendingBreakOnUnsynchronized(FileRange range) =>
        _queued.Find(range) ?? _running.Find(range) ?? (Obstacle?)_breaking.Find(LeaseFilter.Touching(range));

    /// <summary>
    /// Whether an earlier breaker keeps another one that waits from running. An operation under a right does not wait for others that
    /// wait. But what keeps one of the same owner within its range from running is in its own way, too: so it cannot come before that one.
    /// </summary>
    private bool IsInTheWayUnsynchronized(Breaker? earlier, Breaker breaker) =>
        earlier is not null && earlier.Range.Overlaps(breaker.Range)
        && (earlier.IsRunning
            ? !earlier.Covers(breaker)
            : !IsUnderRightUnsynchronized(breaker)
                || (earlier.Request.Owner == breaker.Request.Owner && breaker.Range.Contains(earlier.Range)));

    private bool IsUnderRightUnsynchronized(Breaker breaker) =>
        _rights.Count != 0 && _rights.TryGetValue(breaker.Request.Owner, out BreakerRanges? rights) && rights.HasAround(breaker);

    private void FailUpgradesUnsynchronized(LeaseRecord record, Func<LeaseRecord, Exception> failure)
    {
        for (int i = _upgrades.Count - 1; i >= 0; i--)
        {
            LeaseWaiter waiter = _upgrades[i];
            if (ReferenceEquals(waiter.Upgraded, record))
            {
                RemoveUnsynchronized(waiter);
                waiter.Fail(failure(record));
            }
        }
    }
}
