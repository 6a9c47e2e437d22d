namespace DirectMap.Leases;

/// <summary>
/// Breakers of one owner, found by how their ranges lie to another one: a treap in the order of (offset, number), whose nodes know the
/// largest and the smallest end below them. Adding, removing and each question take O(log n) expected, and a list as many more as are
/// found. None of them is empty. All calls are made under the table's gate; only <see cref="Add"/> needs memory.
/// </summary>
internal sealed class BreakerRanges
{
    private Node? _root;

    internal bool IsEmpty => _root is null;

    internal void Add(Breaker breaker) => _root = Insert(_root, new Node(breaker));

    internal void Remove(Breaker breaker) => _root = Remove(_root, breaker);

    /// <summary>Whether one that is not the breaker itself contains its range.</summary>
    internal bool HasAround(Breaker breaker) => HasAround(_root, breaker);

    /// <summary>
    /// Whether one touches the range and does not contain it. Only for breakers of which those that touch each other contain each other, as
    /// it is with rights that are held: then the innermost one around the first byte is the one that ends first.
    /// </summary>
    internal bool HasCrossing(FileRange range) => range.Length != 0
        && ((InnermostAround(_root, range.Offset) is { } innermost && innermost.Range.End < range.End)
            || HasBegun(_root, range.Offset + 1, range.End));

    /// <summary>Whether one touches the range. Only for breakers as with <see cref="HasCrossing"/>.</summary>
    internal bool HasTouching(FileRange range) =>
        range.Length != 0 && (InnermostAround(_root, range.Offset) is not null || HasBegun(_root, range.Offset + 1, range.End));

    /// <summary>All whose ranges lie within a range.</summary>
    internal void CollectWithin(FileRange range, List<Breaker> into) => CollectWithin(_root, range, into);

    /// <summary>Whether something holds of one of them.</summary>
    internal bool Exists(Predicate<Breaker> holds) => Exists(_root, holds);

    private static bool HasAround(Node? node, Breaker breaker)
    {
        while (node is not null && node.LargestEnd >= breaker.Range.End)
        {
            if (node.Range.Offset > breaker.Range.Offset)
            {
                node = node.Left;
                continue;
            }

            if ((node.Range.End >= breaker.Range.End && !ReferenceEquals(node.Breaker, breaker)) || HasAround(node.Right, breaker))
            {
                return true;
            }

            node = node.Left;
        }

        return false;
    }

    /// <summary>The last one that begins at a byte or before it, and ends behind it.</summary>
    private static Node? InnermostAround(Node? node, long offset)
    {
        while (node is not null && node.LargestEnd > offset)
        {
            if (node.Range.Offset <= offset)
            {
                if (InnermostAround(node.Right, offset) is { } later)
                {
                    return later;
                }

                if (node.Range.End > offset)
                {
                    return node;
                }
            }

            node = node.Left;
        }

        return null;
    }

    /// <summary>Whether one begins at a byte or behind it, and before another one.</summary>
    private static bool HasBegun(Node? node, long from, long before)
    {
        while (node is not null)
        {
            if (node.Range.Offset < from)
            {
                node = node.Right;
            }
            else if (node.Range.Offset >= before)
            {
                node = node.Left;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static void CollectWithin(Node? node, FileRange range, List<Breaker> into)
    {
        while (node is not null && node.SmallestEnd <= range.End)
        {
            if (node.Range.Offset >= range.Offset)
            {
                CollectWithin(node.Left, range, into);
                if (node.Range.End <= range.End)
                {
                    into.Add(node.Breaker);
                }
            }

            node = node.Right;
        }
    }

    private static bool Exists(Node? node, Predicate<Breaker> holds)
    {
        for (; node is not null; node = node.Right)
        {
            if (holds(node.Breaker) || Exists(node.Left, holds))
            {
                return true;
            }
        }

        return false;
    }

    private static Node Insert(Node? tree, Node added)
    {
        if (tree is null)
        {
            return added;
        }

        if (added.Priority > tree.Priority)
        {
            (added.Left, added.Right) = Split(tree, added.Breaker);
            added.Update();
            return added;
        }

        if (IsBefore(added.Breaker, tree.Breaker))
        {
            tree.Left = Insert(tree.Left, added);
        }
        else
        {
            tree.Right = Insert(tree.Right, added);
        }

        tree.Update();
        return tree;
    }

    private static Node? Remove(Node? tree, Breaker breaker)
    {
        if (tree is null)
        {
            throw new InvalidOperationException("The breaker is not one of them.");
        }

        if (ReferenceEquals(tree.Breaker, breaker))
        {
            return Merge(tree.Left, tree.Right);
        }

        if (IsBefore(breaker, tree.Breaker))
        {
            tree.Left = Remove(tree.Left, breaker);
        }
        else
        {
            tree.Right = Remove(tree.Right, breaker);
        }

        tree.Update();
        return tree;
    }

    private static (Node? Before, Node? After) Split(Node? tree, Breaker at)
    {
        if (tree is null)
        {
            return (null, null);
        }

        Node? before = tree, after = tree;
        if (IsBefore(tree.Breaker, at))
        {
            (tree.Right, after) = Split(tree.Right, at);
        }
        else
        {
            (before, tree.Left) = Split(tree.Left, at);
        }

        tree.Update();
        return (before, after);
    }

    private static Node? Merge(Node? before, Node? after)
    {
        if (before is null || after is null)
        {
            return before ?? after;
        }

        if (before.Priority > after.Priority)
        {
            before.Right = Merge(before.Right, after);
            before.Update();
            return before;
        }

        after.Left = Merge(before, after.Left);
        after.Update();
        return after;
    }

    private static bool IsBefore(Breaker one, Breaker other) =>
        one.Range.Offset != other.Range.Offset ? one.Range.Offset < other.Range.Offset : one.Number < other.Number;

    private sealed class Node
    {
        internal Node(Breaker breaker)
        {
            Breaker = breaker;
            Priority = BreakerIndex.Hash(breaker.Number);
            Update();
        }

        internal Breaker Breaker { get; }

        internal FileRange Range => Breaker.Range;

        internal uint Priority { get; }

        internal Node? Left { get; set; }

        internal Node? Right { get; set; }

        internal long LargestEnd { get; private set; }

        internal long SmallestEnd { get; private set; }

        internal void Update()
        {
            LargestEnd = Math.Max(Range.End, Math.Max(Left?.LargestEnd ?? 0, Right?.LargestEnd ?? 0));
            SmallestEnd = Math.Min(Range.End, Math.Min(Left?.SmallestEnd ?? long.MaxValue, Right?.SmallestEnd ?? long.MaxValue));
        }
    }
}
