namespace DirectMap.Leases;

/// <summary>Leases of one file, found by range (<see cref="RangeTreap{TNode}"/>). The links are in the records.</summary>
internal struct LeaseIndex
{
    private RangeTreap<LeaseNode> _leases;

    internal readonly bool IsEmpty => _leases.IsEmpty;

    internal void Add(LeaseRecord lease) => _leases.Add(new LeaseNode(lease));

    internal void Remove(LeaseRecord lease) => _leases.Remove(new LeaseNode(lease));

    /// <summary>One that matches, or null.</summary>
    internal readonly LeaseRecord? Find(in LeaseFilter filter) => filter.Range.Length == 0 ? null : _leases.First(filter).Lease;

    /// <summary>All that match.</summary>
    internal readonly void Collect(in LeaseFilter filter, List<LeaseRecord> into)
    {
        if (filter.Range.Length != 0)
        {
            _leases.First(new Matching(filter, into));
        }
    }

    /// <summary>All.</summary>
    internal readonly void CollectAll(List<LeaseRecord> into) => _leases.First(new All(into));

    private readonly struct Matching(in LeaseFilter filter, List<LeaseRecord> into) : IRangeSearch<LeaseNode>
    {
        private readonly LeaseFilter _filter = filter;

        public bool MayBeLeft(LeaseNode node) => _filter.MayBeLeft(node);

        public bool MayBeRight(LeaseNode node) => _filter.MayBeRight(node);

        public bool Matches(LeaseNode node)
        {
            if (_filter.Matches(node))
            {
                into.Add(node.Lease!);
            }

            return false;
        }
    }

    private readonly struct All(List<LeaseRecord> into) : IRangeSearch<LeaseNode>
    {
        public bool MayBeLeft(LeaseNode node) => !node.Left.IsNone;

        public bool MayBeRight(LeaseNode node) => !node.Right.IsNone;

        public bool Matches(LeaseNode node)
        {
            into.Add(node.Lease!);
            return false;
        }
    }
}
