namespace DirectMap.Leases;

/// <summary>
/// Leases of one file, found by range: a treap in the order of (offset, number), in which each node knows the largest ends below it, on the
/// left and on the right, so that no child is looked at (a line that is in no cache, where leases are many) only to find that nothing below
/// it matters. Adding, removing and finding one take O(log n) expected; the priorities are a hash of the number, so the shape does not
/// depend on the order of arrival. The links are in the records; all calls are made under the table's gate.
/// </summary>
internal struct LeaseIndex
{
    private LeaseRecord? _root;

    internal readonly bool IsEmpty => _root is null;

    internal void Add(LeaseRecord lease)
    {
        lease.Left = null;
        lease.Right = null;
        Update(lease);
        lease.Priority = Hash(lease.Number);
        _root = _root is null ? lease : Insert(_root, lease);
    }

    internal void Remove(LeaseRecord lease)
    {
        _root = Remove(_root, lease);
        lease.Left = null;
        lease.Right = null;
    }

    /// <summary>One that matches, or null.</summary>
    internal readonly LeaseRecord? Find(in LeaseFilter filter) => filter.Range.Length == 0 || _root is null ? null : Find(_root, filter);

    /// <summary>All that match.</summary>
    internal readonly void Collect(in LeaseFilter filter, List<LeaseRecord> into)
    {
        if (filter.Range.Length != 0 && _root is not null)
        {
            Collect(_root, filter, into);
        }
    }

    /// <summary>All.</summary>
    internal readonly void CollectAll(List<LeaseRecord> into) => CollectAll(_root, into);

    private static LeaseRecord? Find(LeaseRecord node, in LeaseFilter filter)
    {
        // If something on the left reaches the range and nothing there matches, then what reaches it begins behind it, and so does
        // everything on the right: one path is walked.
        while (true)
        {
            if (node.LeftEnd > filter.Range.Offset && Find(node.Left!, filter) is { } found)
            {
                return found;
            }

            if (node.Range.Offset >= filter.Range.End)
            {
                return null;
            }

            if (filter.Matches(node))
            {
                return node;
            }

            if (node.RightEnd <= filter.Range.Offset)
            {
                return null;
            }

            node = node.Right!;
        }
    }

    private static void Collect(LeaseRecord node, in LeaseFilter filter, List<LeaseRecord> into)
    {
        while (true)
        {
            if (node.LeftEnd > filter.Range.Offset)
            {
                Collect(node.Left!, filter, into);
            }

            if (node.Range.Offset >= filter.Range.End)
            {
                return;
            }

            if (filter.Matches(node))
            {
                into.Add(node);
            }

            if (node.RightEnd <= filter.Range.Offset)
            {
                return;
            }

            node = node.Right!;
        }
    }

    private static void CollectAll(LeaseRecord? node, List<LeaseRecord> into)
    {
        for (; node is not null; node = node.Right)
        {
            CollectAll(node.Left, into);
            into.Add(node);
        }
    }

    private static LeaseRecord Insert(LeaseRecord? tree, LeaseRecord lease)
    {
        if (tree is null)
        {
            return lease;
        }

        if (lease.Priority > tree.Priority)
        {
            Split(tree, lease, out lease.Left, out lease.Right);
            Update(lease);
            return lease;
        }

        if (IsBefore(lease, tree))
        {
            tree.Left = Insert(tree.Left, lease);
        }
        else
        {
            tree.Right = Insert(tree.Right, lease);
        }

        Update(tree);
        return tree;
    }

    private static LeaseRecord? Remove(LeaseRecord? tree, LeaseRecord lease)
    {
        if (ReferenceEquals(tree, lease))
        {
            return Merge(lease.Left, lease.Right);
        }

        if (tree is null)
        {
            throw new InvalidOperationException("The lease is not in the index.");
        }

        if (IsBefore(lease, tree))
        {
            tree.Left = Remove(tree.Left, lease);
        }
        else
        {
            tree.Right = Remove(tree.Right, lease);
        }

        Update(tree);
        return tree;
    }

    private static void Split(LeaseRecord? tree, LeaseRecord at, out LeaseRecord? before, out LeaseRecord? after)
    {
        if (tree is null)
        {
            before = null;
            after = null;
        }
        else if (IsBefore(tree, at))
        {
            Split(tree.Right, at, out tree.Right, out after);
            before = tree;
            Update(tree);
        }
        else
        {
            Split(tree.Left, at, out before, out tree.Left);
            after = tree;
            Update(tree);
        }
    }

    private static LeaseRecord? Merge(LeaseRecord? before, LeaseRecord? after)
    {
        if (before is null || after is null)
        {
            return before ?? after;
        }

        if (before.Priority > after.Priority)
        {
            before.Right = Merge(before.Right, after);
            Update(before);
            return before;
        }

        after.Left = Merge(before, after.Left);
        Update(after);
        return after;
    }

    /// <summary>0 where there is nothing: ranges end behind the first byte.</summary>
    private static void Update(LeaseRecord node)
    {
        node.LeftEnd = LargestEnd(node.Left);
        node.RightEnd = LargestEnd(node.Right);
    }

    private static long LargestEnd(LeaseRecord? node) => node is null ? 0 : Math.Max(node.Range.End, Math.Max(node.LeftEnd, node.RightEnd));

    private static bool IsBefore(LeaseRecord one, LeaseRecord other) =>
        one.Range.Offset != other.Range.Offset ? one.Range.Offset < other.Range.Offset : one.Number < other.Number;

    private static uint Hash(long number)
    {
        ulong mixed = (ulong)number * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93;
        return (uint)(mixed >> 32);
    }
}
