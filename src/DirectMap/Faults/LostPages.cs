using DirectMap.Linux;

namespace DirectMap.Faults;

/// <summary>
/// The pages of one mapping whose loads and stores the kernel answered with SIGBUS, and in whose place anonymous pages are now. The fault
/// handler notes them; this is where they are looked up. Page numbers count from the mapping's first page. Safe for any thread while
/// the mapping is registered.
/// </summary>
internal readonly unsafe struct LostPages(ContainedRange range)
{
    /// <summary>
    /// The first run of pages in [first, end) that an access which began in a generation must not believe; null where there is none.
    /// </summary>
    internal Run? FirstSince(uint generation, long first, long end) =>
        RunFrom(first, end, FaultHandler.Wanted.LostSince, FaultHandler.Wanted.NotLostSince, generation);

    /// <summary>
    /// The page of the first fault of a generation; or the first one that was lost before, and that a restoration could not
    /// bring back. There is one.
    /// </summary>
    internal Run First(FaultHandler.StateBlock* state)
    {
        long page = Volatile.Read(ref state->First); // Set before the word's Lost bit, which the caller has seen.
        range.Find(page, page + 1, FaultHandler.Wanted.LostSince, state->Generation, out FaultCode code, out _);
        return new Run(page, page + 1, code, IsTakenAlong: false);
    }

    /// <summary>What is lost at this moment.</summary>
    internal List<Run> Now() => Runs(FaultHandler.Wanted.LostNow, FaultHandler.Wanted.NotLostNow);

    /// <summary>What of it was lost by an access, and not only taken along. Nothing where no page could be noted.</summary>
    internal List<Run> NotedNow() => Runs(FaultHandler.Wanted.NotedNow, FaultHandler.Wanted.NotNotedNow);

    private List<Run> Runs(FaultHandler.Wanted wanted, FaultHandler.Wanted unwanted)
    {
        List<Run> runs = [];
        for (long end = 0; RunFrom(end, range.Pages, wanted, unwanted, 0) is { } run; end = run.End)
        {
            runs.Add(run);
        }

        return runs;
    }

    private Run? RunFrom(long first, long end, FaultHandler.Wanted wanted, FaultHandler.Wanted unwanted, uint generation)
    {
        long page = range.Find(first, end, wanted, generation, out FaultCode code, out bool isTakenAlong);
        if (page == FaultHandler.NoPage)
        {
            return null;
        }

        long last = range.Find(page, end, unwanted, generation, out _, out _);
        return new Run(page, last == FaultHandler.NoPage ? end : last, code, isTakenAlong);
    }

    /// <param name="First">First page.</param>
    /// <param name="End">The page behind the last one.</param>
    /// <param name="Code">What the kernel said of the first one.</param>
    /// <param name="IsTakenAlong">Whether the first one had no fault of its own.</param>
    internal readonly record struct Run(long First, long End, FaultCode Code, bool IsTakenAlong);
}
