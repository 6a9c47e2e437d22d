namespace DirectMap.Leases;

/// <summary>What is looked for in a <see cref="RangeTreap{TNode}"/>.</summary>
internal interface IRangeSearch<TNode>
    where TNode : struct, IRangeNode<TNode>
{
    /// <summary>Whether a node below this one on the left may match; false where there is none.</summary>
    bool MayBeLeft(TNode node);

    /// <summary>Whether a node below this one on the right may match; false where there is none.</summary>
    bool MayBeRight(TNode node);

    /// <summary>Whether the search ends at this node. One that collects notes it, and goes on.</summary>
    bool Matches(TNode node);
}
