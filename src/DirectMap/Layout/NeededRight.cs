using DirectMap.Inodes;

namespace DirectMap.Layout;

/// <summary>A right to be had.</summary>
internal readonly record struct NeededRight(FileArbiter Arbiter, BreakRequest Request)
{
    internal BreakRequest RequestWith(BreakOptions options) =>
        ReferenceEquals(Request.Options, options) ? Request : Request with { Options = options };
}
