using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Mapping;

/// <summary>
/// The pages of one mapping whose loads and stores the kernel answered with SIGBUS, and in whose place anonymous pages are now. The fault
/// handler notes them; this is where they are looked up. Page numbers count from the mapping's first page. Looking up is safe for any
/// thread until <see cref="Unregister"/>.
/// </summary>
internal sealed unsafe class LostPages
{
    private readonly void* _range;
    private readonly long _pages;

    private LostPages(void* range, long pages)
    {
        _range = range;
        _pages = pages;
    }

    /// <summary>From now on SIGBUS in the mapping is noted, in the mapping's state.</summary>
    /// <exception cref="InsufficientMemoryException">The kernel gives no memory for it.</exception>
    internal static LostPages Register(byte* start, long length, bool writable, bool isSync, FaultHandler.StateBlock* state)
    {
        void* range = FaultHandler.Register(start, (nuint)length, writable, isSync, state);
        return range == null
            ? throw new InsufficientMemoryException($"A mapping of {length} bytes could not be registered with the SIGBUS handler (ENOMEM)")
            {
                HResult = Errno.ENOMEM
            }
            : new LostPages(range, (length + Environment.SystemPageSize - 1) / Environment.SystemPageSize);
    }

    /// <summary>The mapping may be unmapped when it returns, and not before.</summary>
    internal void Unregister() => FaultHandler.Unregister(_range);

    /// <summary>Other pages are in place of the whole mapping.</summary>
    internal void ReplacedWhole() => FaultHandler.ReplacedWhole(_range);

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
        FaultHandler.Find(_range, page, page + 1, FaultHandler.Wanted.LostSince, state->Generation, out FaultCode code, out _);
        return new Run(page, page + 1, code, IsTakenAlong: false);
    }

    /// <summary>What is lost at this moment.</summary>
    internal IEnumerable<Run> Now() => Runs(FaultHandler.Wanted.LostNow, FaultHandler.Wanted.NotLostNow);

    /// <summary>What of it was lost by an access, and not only taken along. Nothing where no page could be noted.</summary>
    internal IEnumerable<Run> NotedNow() => Runs(FaultHandler.Wanted.NotedNow, FaultHandler.Wanted.NotNotedNow);

    /// <summary>Maps the file again where pages are lost; see <see cref="FaultHandler.Restore"/>.</summary>
    internal long Restore(SafeFileHandle file, long offset, FaultHandler.StateBlock* next, ReadOnlySpan<long> good, out int errno) =>
        FaultHandler.Restore(_range, file, offset, next, good, out errno);

    private IEnumerable<Run> Runs(FaultHandler.Wanted wanted, FaultHandler.Wanted unwanted)
    {
        for (long end = 0; RunFrom(end, _pages, wanted, unwanted, 0) is { } run; end = run.End)
        {
            yield return run;
        }
    }

    private Run? RunFrom(long first, long end, FaultHandler.Wanted wanted, FaultHandler.Wanted unwanted, uint generation)
    {
        long page = FaultHandler.Find(_range, first, end, wanted, generation, out FaultCode code, out bool isTakenAlong);
        if (page == FaultHandler.NoPage)
        {
            return null;
        }

        long last = FaultHandler.Find(_range, page, end, unwanted, generation, out _, out _);
        return new Run(page, last == FaultHandler.NoPage ? end : last, code, isTakenAlong);
    }

    /// <param name="First">First page.</param>
    /// <param name="End">The page behind the last one.</param>
    /// <param name="Code">What the kernel said of the first one.</param>
    /// <param name="IsTakenAlong">Whether the first one had no fault of its own.</param>
    internal readonly record struct Run(long First, long End, FaultCode Code, bool IsTakenAlong);
}
