namespace DirectMap.FaultMatrix.Mapped;

/// <summary>Some neighbouring pages of a region: [First, End).</summary>
internal readonly record struct PageRun(long First, long End)
{
    internal static readonly long Page = Environment.SystemPageSize;

    internal static PageRun None { get; }

    internal bool IsEmpty => First >= End;

    /// <summary>The pages that some bytes lie in.</summary>
    internal static PageRun Of(long offset, long length) => new(offset / Page, ((offset + length - 1) / Page) + 1);

    internal PageRun Intersect(PageRun other)
    {
        PageRun both = new(Math.Max(First, other.First), Math.Min(End, other.End));
        return both.IsEmpty ? None : both;
    }

    internal bool Contains(long page) => page >= First && page < End;
}
