namespace DirectMap.Leases;

/// <summary>
/// Breakers of one file, found by range and arrival (<see cref="RangeTreap{TNode}"/>). Of those that match a search finds one that is near
/// the root, and the priorities are a hash: so none is preferred that came early or late, which is what <see cref="LeaseTable"/> counts on.
/// The links are in the breakers.
/// </summary>
internal struct BreakerIndex
{
    private RangeTreap<BreakerNode> _breakers;

    internal readonly bool IsEmpty => _breakers.IsEmpty;

    internal void Add(Breaker breaker) => _breakers.Add(new BreakerNode(breaker));

    internal void Remove(Breaker breaker) => _breakers.Remove(new BreakerNode(breaker));

    /// <summary>One that touches the range, or null.</summary>
    internal readonly Breaker? Find(in FileRange range) => Find(new Touching(range, long.MaxValue, covered: null));

    /// <summary>One that touches the breaker's range and arrived before it, or null.</summary>
    internal readonly Breaker? FindEarlier(Breaker than) => Find(new Touching(than.Range, than.Number, covered: null));

    /// <summary>One that touches the breaker's range and does not cover it, or null.</summary>
    internal readonly Breaker? FindUncovering(Breaker breaker) => Find(new Touching(breaker.Range, long.MaxValue, breaker));

    /// <summary>All that touch the range.</summary>
    internal readonly void Collect(in FileRange range, List<Breaker> into)
    {
        if (range.Length != 0)
        {
            _breakers.First(new AllTouching(range, into));
        }
    }

    /// <summary>All.</summary>
    internal readonly void CollectAll(List<Breaker> into) => _breakers.First(new All(into));

    private readonly Breaker? Find(in Touching search) => search.Range.Length == 0 ? null : _breakers.Any(search).Breaker;

    private readonly struct Touching(in FileRange range, long before, Breaker? covered) : IRangeSearch<BreakerNode>
    {
        internal FileRange Range { get; } = range;

        public bool MayBeLeft(BreakerNode node) => MayBeIn(node.Left.Breaker);

        public bool MayBeRight(BreakerNode node) => node.Offset < Range.End && MayBeIn(node.Right.Breaker);

        public bool Matches(BreakerNode node)
        {
            Breaker breaker = node.Breaker!;
            return breaker.Number < before && breaker.Range.Overlaps(Range) && (covered is null || !breaker.Covers(covered));
        }

        private bool MayBeIn(Breaker? tree) => tree is not null && tree.LargestEnd > Range.Offset && tree.Earliest < before;
    }

    private readonly struct AllTouching(in FileRange range, List<Breaker> into) : IRangeSearch<BreakerNode>
    {
        private readonly Touching _touching = new(range, long.MaxValue, covered: null);

        public bool MayBeLeft(BreakerNode node) => _touching.MayBeLeft(node);

        public bool MayBeRight(BreakerNode node) => _touching.MayBeRight(node);

        public bool Matches(BreakerNode node)
        {
            if (_touching.Matches(node))
            {
                into.Add(node.Breaker!);
            }

            return false;
        }
    }

    private readonly struct All(List<Breaker> into) : IRangeSearch<BreakerNode>
    {
        public bool MayBeLeft(BreakerNode node) => !node.Left.IsNone;

        public bool MayBeRight(BreakerNode node) => !node.Right.IsNone;

        public bool Matches(BreakerNode node)
        {
            into.Add(node.Breaker!);
            return false;
        }
    }
}
