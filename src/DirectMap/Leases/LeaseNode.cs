namespace DirectMap.Leases;

/// <summary>
/// A lease as a node of <see cref="LeaseIndex"/>. It knows the largest ends below it, on the left and on the right, so that no child is
/// looked at (a line that is in no cache, where leases are many) only to find that nothing below it matters.
/// </summary>
internal readonly struct LeaseNode(LeaseRecord? lease) : IRangeNode<LeaseNode>
{
    internal LeaseRecord? Lease => lease;

    public bool IsNone => lease is null;

    public long Offset => lease!.Range.Offset;

    public long Number => lease!.Number;

    public ref LeaseNode Left => ref lease!.Left;

    public ref LeaseNode Right => ref lease!.Right;

    public ref uint Priority => ref lease!.Priority;

    /// <summary>0 where there is nothing: ranges end behind the first byte.</summary>
    private long LargestEnd => lease is null ? 0 : Math.Max(lease.Range.End, Math.Max(lease.LeftEnd, lease.RightEnd));

    public void Update()
    {
        lease!.LeftEnd = lease.Left.LargestEnd;
        lease.RightEnd = lease.Right.LargestEnd;
    }
}
