namespace DirectMap.Leases;

/// <summary>
/// Breakers of one file, found by range and arrival: a treap as <see cref="LeaseIndex"/> is one, in the order of (offset, number). Each
/// node knows the largest end and the earliest arrival in its tree. The priorities are a hash of the number, and of those that match a
/// search finds one that is near the root: so none is preferred that came early or late, which is what <see cref="FileLeases"/> counts on.
/// The links are in the breakers; all calls are made under the table's gate.
/// </summary>
internal struct BreakerIndex
{
    private Breaker? _root;

    internal readonly bool IsEmpty => _root is null;

    internal void Add(Breaker breaker)
    {
        breaker.Left = null;
        breaker.Right = null;
        breaker.Priority = Hash(breaker.Number);
        Update(breaker);
        _root = _root is null ? breaker : Insert(_root, breaker);
    }

    internal void Remove(Breaker breaker)
    {
        _root = Remove(_root, breaker);
        breaker.Left = null;
        breaker.Right = null;
    }

    /// <summary>One that touches the range, or null.</summary>
    internal readonly Breaker? Find(in FileRange range) => Find(_root, range, long.MaxValue, covered: null);

    /// <summary>One that touches the breaker's range and arrived before it, or null.</summary>
    internal readonly Breaker? FindEarlier(Breaker than) => Find(_root, than.Range, than.Number, covered: null);

    /// <summary>One that touches the breaker's range and does not cover it, or null.</summary>
    internal readonly Breaker? FindUncovering(Breaker breaker) => Find(_root, breaker.Range, long.MaxValue, breaker);

    /// <summary>All that touch the range.</summary>
    internal readonly void Collect(in FileRange range, List<Breaker> into)
    {
        if (range.Length != 0)
        {
            Collect(_root, range, into);
        }
    }

    /// <summary>All.</summary>
    internal readonly void CollectAll(List<Breaker> into) => CollectAll(_root, into);

    private static Breaker? Find(Breaker? node, in FileRange range, long before, Breaker? covered)
    {
        if (range.Length == 0)
        {
            return null;
        }

        while (node is not null && node.LargestEnd > range.Offset && node.Earliest < before)
        {
            if (node.Range.Offset >= range.End)
            {
                node = node.Left;
                continue;
            }

            if (node.Number < before && node.Range.Overlaps(range) && (covered is null || !node.Covers(covered)))
            {
                return node;
            }

            if (Find(node.Left, range, before, covered) is { } found)
            {
                return found;
            }

            node = node.Right;
        }

        return null;
    }

    private static void Collect(Breaker? node, in FileRange range, List<Breaker> into)
    {
        while (node is not null && node.LargestEnd > range.Offset)
        {
            Collect(node.Left, range, into);
            if (node.Range.Offset >= range.End)
            {
                return;
            }

            if (node.Range.Overlaps(range))
            {
                into.Add(node);
            }

            node = node.Right;
        }
    }

    private static void CollectAll(Breaker? node, List<Breaker> into)
    {
        for (; node is not null; node = node.Right)
        {
            CollectAll(node.Left, into);
            into.Add(node);
        }
    }

    private static Breaker Insert(Breaker? tree, Breaker breaker)
    {
        if (tree is null)
        {
            return breaker;
        }

        if (breaker.Priority > tree.Priority)
        {
            Split(tree, breaker, out breaker.Left, out breaker.Right);
            Update(breaker);
            return breaker;
        }

        ref Breaker? side = ref SideOf(tree, breaker);
        side = Insert(side, breaker);
        Update(tree);
        return tree;
    }

    private static Breaker? Remove(Breaker? tree, Breaker breaker)
    {
        if (ReferenceEquals(tree, breaker))
        {
            return Merge(breaker.Left, breaker.Right);
        }

        if (tree is null)
        {
            throw new InvalidOperationException("The breaker is not in the index.");
        }

        ref Breaker? side = ref SideOf(tree, breaker);
        side = Remove(side, breaker);
        Update(tree);
        return tree;
    }

    private static ref Breaker? SideOf(Breaker tree, Breaker breaker)
    {
        if (IsBefore(breaker, tree))
        {
            return ref tree.Left;
        }

        return ref tree.Right;
    }

    private static void Split(Breaker? tree, Breaker at, out Breaker? before, out Breaker? after)
    {
        if (tree is null)
        {
            before = null;
            after = null;
            return;
        }

        if (IsBefore(tree, at))
        {
            Split(tree.Right, at, out tree.Right, out after);
            before = tree;
        }
        else
        {
            Split(tree.Left, at, out before, out tree.Left);
            after = tree;
        }

        Update(tree);
    }

    private static Breaker? Merge(Breaker? before, Breaker? after)
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

    private static void Update(Breaker node)
    {
        long end = node.Range.End, earliest = node.Number;
        if (node.Left is { } left)
        {
            end = Math.Max(end, left.LargestEnd);
            earliest = Math.Min(earliest, left.Earliest);
        }

        if (node.Right is { } right)
        {
            end = Math.Max(end, right.LargestEnd);
            earliest = Math.Min(earliest, right.Earliest);
        }

        node.LargestEnd = end;
        node.Earliest = earliest;
    }

    private static bool IsBefore(Breaker one, Breaker other) =>
        one.Range.Offset != other.Range.Offset ? one.Range.Offset < other.Range.Offset : one.Number < other.Number;

    internal static uint Hash(long number)
    {
        ulong mixed = (ulong)number * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93;
        return (uint)(mixed >> 32);
    }
}
