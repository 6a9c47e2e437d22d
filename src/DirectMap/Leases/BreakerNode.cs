namespace DirectMap.Leases;

/// <summary>A breaker as a node of <see cref="BreakerIndex"/>: it knows the largest end and the earliest arrival in its tree.</summary>
internal readonly struct BreakerNode(Breaker? breaker) : IRangeNode<BreakerNode>
{
    internal Breaker? Breaker => breaker;

    public bool IsNone => breaker is null;

    public long Offset => breaker!.Range.Offset;

    public long Number => breaker!.Number;

    public ref BreakerNode Left => ref breaker!.Left;

    public ref BreakerNode Right => ref breaker!.Right;

    public ref uint Priority => ref breaker!.Priority;

    public void Update()
    {
        long end = breaker!.Range.End, earliest = breaker.Number;
        if (breaker.Left.Breaker is { } left)
        {
            end = Math.Max(end, left.LargestEnd);
            earliest = Math.Min(earliest, left.Earliest);
        }

        if (breaker.Right.Breaker is { } right)
        {
            end = Math.Max(end, right.LargestEnd);
            earliest = Math.Min(earliest, right.Earliest);
        }

        breaker.LargestEnd = end;
        breaker.Earliest = earliest;
    }
}
