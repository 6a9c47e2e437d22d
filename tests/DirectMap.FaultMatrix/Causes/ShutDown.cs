namespace DirectMap.FaultMatrix.Causes;

/// <summary>XFS shuts itself down, as it does when its log cannot be written.</summary>
internal sealed class ShutDown() : UncachedCause("shut-down-xfs", "XFS shut down")
{
    internal override Ground? Ground => Ground.XfsToShutDown;

    internal override FaultCause Fault => FaultCause.Unknown;

    internal override PageRun LostToStores { get; } = new(Subject.Unit, 2 * Subject.Unit);

    internal override Type? PersistBefore => typeof(WritebackFailureException);

    internal override bool CanReadOutside => false;

    internal override Promise? Promise => new(
        4 * PageRun.Page,
        Subject.Content,
        typeof(WritebackFailureException),
        "Loads of pages that are in the page cache, and stores to those that are dirty, need nothing of a file system that was shut down: "
            + "they survive, until Persist, which throws WritebackFailureException. It does not come back under a mapping: "
            + "RestoreLostPages throws IOException.");

    internal override void Strike(IReadOnlyList<Subject> subjects, Site site) =>
        Commands.Run("xfs_io", "-x", "-c", "shutdown", site.Folder);

    internal override string? TryMend(IReadOnlyList<Subject> subjects, Site site) =>
        "a file system that was shut down does not come back under a mapping";
}
