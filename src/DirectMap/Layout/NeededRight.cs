namespace DirectMap.Layout;

/// <summary>A right to be had.</summary>
internal readonly record struct NeededRight(ILeaseCoordinator Coordinator, BreakRequest Request)
{
    internal BreakRequest RequestWith(BreakOptions options) =>
        ReferenceEquals(Request.Options, options) ? Request : Request with { Options = options };
}
