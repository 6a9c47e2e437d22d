namespace DirectMap.Leases;

/// <summary>A reference to a node of a <see cref="RangeTreap{TNode}"/>, or to none; only whether it is none may be asked then.</summary>
internal interface IRangeNode<TNode>
    where TNode : struct, IRangeNode<TNode>
{
    bool IsNone { get; }

    /// <summary>Where its range begins.</summary>
    long Offset { get; }

    /// <summary>Its own; of those at one offset, the smaller one comes first.</summary>
    long Number { get; }

    ref TNode Left { get; }

    ref TNode Right { get; }

    ref uint Priority { get; }

    /// <summary>What is below has changed: what the node knows of it is found anew, from its two children.</summary>
    void Update();
}
