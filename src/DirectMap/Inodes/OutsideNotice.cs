namespace DirectMap.Inodes;

/// <summary>What those who use an inode hear of what happens outside of the library: one of the three.</summary>
/// <param name="Protection">What it is protected from now.</param>
/// <param name="Trespass">It was changed without asking.</param>
/// <param name="Number">How many notices there were for whoever hears it, with this one.</param>
internal readonly record struct OutsideNotice(Protection? Protection, Trespass? Trespass = null, long Number = 0)
{
    /// <summary>For some time nobody would have noticed a change: look what there is.</summary>
    internal static OutsideNotice Look => default;

    /// <summary>
    /// Whether a notice that waits is as good as a later one: a trespass by the same, since it is going to be told after the later change,
    /// too.
    /// </summary>
    internal bool Covers(in OutsideNotice later) =>
        Trespass is { } one && later.Trespass is { } other
            && (one.Origin, one.ProcessId, one.Detail) == (other.Origin, other.ProcessId, other.Detail);
}
