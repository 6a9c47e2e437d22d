namespace DirectMap.Leases;

/// <summary>
/// What has ranges in a file, found by range: a treap in the order of (offset, number), whose nodes know something of all that is below
/// them, so that a search leaves out what cannot match. Adding, removing and finding one take O(log n) expected; the priorities are a hash
/// of the number, so the shape does not depend on the order of arrival. No two have the same number.
/// <para>
/// It is the same for leases and breakers, and what they know of what is below them is theirs. All type arguments are structures, so each
/// use is compiled by itself; the links are in the nodes, so nothing needs memory. All calls are made under the table's gate.
/// </para>
/// </summary>
/// <typeparam name="TNode">A reference to a node, or to none.</typeparam>
internal struct RangeTreap<TNode>
    where TNode : struct, IRangeNode<TNode>
{
    private TNode _root;

    internal readonly bool IsEmpty => _root.IsNone;

    internal void Add(TNode node)
    {
        node.Left = default;
        node.Right = default;
        node.Priority = Hash(node.Number);
        node.Update();
        _root = _root.IsNone ? node : Insert(_root, node);
    }

    internal void Remove(TNode node)
    {
        Remove(node.Offset, node.Number);
        node.Left = default;
        node.Right = default;
    }

    /// <summary>Removes the node with that place in the order.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    internal void Remove(long offset, long number) => _root = Remove(_root, offset, number);

    /// <summary>The first one in the order that matches, or none.</summary>
    internal readonly TNode First<TSearch>(in TSearch search)
        where TSearch : struct, IRangeSearch<TNode> => _root.IsNone ? default : First(_root, search);

    /// <summary>The last one in the order that matches, or none.</summary>
    internal readonly TNode Last<TSearch>(in TSearch search)
        where TSearch : struct, IRangeSearch<TNode> => _root.IsNone ? default : Last(_root, search);

    /// <summary>One that matches and is near the root, as if chosen by lot; or none.</summary>
    internal readonly TNode Any<TSearch>(in TSearch search)
        where TSearch : struct, IRangeSearch<TNode> => _root.IsNone ? default : Any(_root, search);

    private static TNode First<TSearch>(TNode node, in TSearch search)
        where TSearch : struct, IRangeSearch<TNode>
    {
        while (true)
        {
            if (search.MayBeLeft(node) && First(node.Left, search) is { IsNone: false } found)
            {
                return found;
            }

            if (search.Matches(node))
            {
                return node;
            }

            if (!search.MayBeRight(node))
            {
                return default;
            }

            node = node.Right;
        }
    }

    private static TNode Last<TSearch>(TNode node, in TSearch search)
        where TSearch : struct, IRangeSearch<TNode>
    {
        while (true)
        {
            if (search.MayBeRight(node) && Last(node.Right, search) is { IsNone: false } found)
            {
                return found;
            }

            if (search.Matches(node))
            {
                return node;
            }

            if (!search.MayBeLeft(node))
            {
                return default;
            }

            node = node.Left;
        }
    }

    private static TNode Any<TSearch>(TNode node, in TSearch search)
        where TSearch : struct, IRangeSearch<TNode>
    {
        while (!search.Matches(node))
        {
            if (search.MayBeLeft(node) && Any(node.Left, search) is { IsNone: false } found)
            {
                return found;
            }

            if (!search.MayBeRight(node))
            {
                return default;
            }

            node = node.Right;
        }

        return node;
    }

    private static TNode Insert(TNode tree, TNode added)
    {
        if (tree.IsNone)
        {
            return added;
        }

        if (added.Priority > tree.Priority)
        {
            Split(tree, added, out added.Left, out added.Right);
            added.Update();
            return added;
        }

        ref TNode side = ref SideOf(tree, added.Offset, added.Number);
        side = Insert(side, added);
        tree.Update();
        return tree;
    }

    private static TNode Remove(TNode tree, long offset, long number)
    {
        if (tree.IsNone)
        {
            throw new InvalidOperationException("It is not in the index.");
        }

        if (tree.Number == number)
        {
            return Merge(tree.Left, tree.Right);
        }

        ref TNode side = ref SideOf(tree, offset, number);
        side = Remove(side, offset, number);
        tree.Update();
        return tree;
    }

    private static ref TNode SideOf(TNode tree, long offset, long number)
    {
        long at = tree.Offset;
        if (offset != at ? offset < at : number < tree.Number)
        {
            return ref tree.Left;
        }

        return ref tree.Right;
    }

    private static void Split(TNode tree, TNode at, out TNode before, out TNode after)
    {
        if (tree.IsNone)
        {
            before = default;
            after = default;
            return;
        }

        long offset = tree.Offset;
        if (offset != at.Offset ? offset < at.Offset : tree.Number < at.Number)
        {
            Split(tree.Right, at, out tree.Right, out after);
            before = tree;
        }
        else
        {
            Split(tree.Left, at, out before, out tree.Left);
            after = tree;
        }

        tree.Update();
    }

    private static TNode Merge(TNode before, TNode after)
    {
        if (before.IsNone)
        {
            return after;
        }

        if (after.IsNone)
        {
            return before;
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

    private static uint Hash(long number)
    {
        ulong mixed = (ulong)number * 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93;
        return (uint)(mixed >> 32);
    }
}
