namespace DirectMap.FaultMatrix.Causes;

/// <summary>One after which the kernel cannot provide some pages.</summary>
internal abstract class PageCause(string name, string title) : Cause(name, title)
{
    /// <summary>What the exception says.</summary>
    internal abstract FaultCause Fault { get; }

    /// <summary>The pages that stores meet a signal at.</summary>
    internal abstract PageRun LostToStores { get; }

    /// <summary>The same for loads.</summary>
    internal virtual PageRun LostToLoads => LostToStores;

    /// <summary>Why loads meet none, where stores do.</summary>
    internal virtual string? WhyLoadsLive => null;

    /// <summary>What persisting says before any access has met a lost page; null when it succeeds.</summary>
    internal virtual Type? PersistBefore => null;

    /// <summary>Whether somebody else can still read the file at all.</summary>
    internal virtual bool CanReadOutside => true;

    /// <summary>Whether somebody else can read what is lost to the mapping.</summary>
    internal virtual bool CanReadLost => true;

    /// <summary>Whether a direct mapping gets its pages back only after the file was prepared.</summary>
    internal virtual bool NeedsPrepare => false;

    /// <summary>What else is promised.</summary>
    internal virtual Promise? Promise => null;

    /// <summary>What is done once the files are mapped, before it happens.</summary>
    internal virtual void Ready(IReadOnlyList<Subject> subjects)
    {
    }

    /// <summary>Mends it for all files; null, or why that cannot be.</summary>
    internal abstract string? TryMend(IReadOnlyList<Subject> subjects, Site site);

    internal PageRun LostTo(AccessKind kind) => kind == AccessKind.Load ? LostToLoads : LostToStores;
}

/// <summary>What any access to eight bytes does, though they seem to be in trouble: nothing.</summary>
/// <param name="Offset">In the region.</param>
/// <param name="Reads">Each byte that is read.</param>
/// <param name="PersistThrows">What persisting them throws; null for nothing.</param>
/// <param name="Note">It, in words.</param>
internal sealed record Promise(long Offset, byte Reads, Type? PersistThrows, string Note)
{
    internal const int Length = 8;
}
