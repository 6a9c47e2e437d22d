using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Faults;

/// <summary>
/// Which pages a mapping has lost, which of them an access met, and what is said of it. Its caller keeps the mapping alive meanwhile.
/// </summary>
internal sealed class LostPageFinder(RegionMapping mapping, RegionFacts facts, FaultDiagnosis diagnosis)
{
    private volatile FirstFault? _firstFault; // where a fault reaches the region

    /// <summary>Whether a lost page has made the whole region unusable.</summary>
    internal bool IsRegionLost => facts.FaultReach == FaultReach.Region && mapping.HasLost;

    private LostPages? Pages => mapping.Contained is { } contained ? new LostPages(contained) : null;

    /// <summary>What an access must be told; null where it may believe what it met.</summary>
    /// <param name="word">The region's word before the access.</param>
    /// <param name="offset">Of the first byte that was accessed, in the region.</param>
    /// <param name="length">How many bytes were accessed.</param>
    internal unsafe FaultDiagnosis.Result? Find(int* word, long offset, long length)
    {
        FaultHandler.StateBlock* state = RegionMapping.StateOf(word);
        if ((Volatile.Read(ref state->Word) & (int)MappingLife.Lost) == 0 || Pages is not { } lost)
        {
            return null;
        }

        long page = Environment.SystemPageSize;
        LostPages.Run? touched = length > 0 ? lost.FirstSince(state->Generation, offset / page, ((offset + length - 1) / page) + 1) : null;
        if (touched is null && facts.FaultReach == FaultReach.Page)
        {
            return null;
        }

        return touched switch
        {
            null => FirstOf(lost, state).Diagnosis,
            { IsTakenAlong: true } run => TakenAlong(run, FirstOf(lost, state).Diagnosis),
            { } run when facts.FaultReach == FaultReach.Region && FirstOf(lost, state) is var first && run.First == first.Page =>
                first.Diagnosis with { Lost = RangeOf(run) },
            { } run => diagnosis.Diagnose(run),
        };
    }

    /// <summary>What is lost now, as bytes of the file; nothing of a region that is gone.</summary>
    internal FileRange[] Ranges() =>
        mapping.Life <= MappingLife.Releasing && Pages is { } pages ? [.. pages.Now().Select(RangeOf)] : [];

    /// <summary>
    /// What of it the kernel has to be asked for. Pages that were only taken along need not be; where none could be noted there is no
    /// telling which these are.
    /// </summary>
    internal List<LostPages.Run> ToBeAskedFor() =>
        Pages is not { } pages ? [] : pages.NotedNow() is { Count: > 0 } noted ? noted : pages.Now();

    /// <inheritdoc cref="FaultDiagnosis.RangeOf"/>
    internal FileRange RangeOf(LostPages.Run run) => diagnosis.RangeOf(run);

    /// <summary>The first fault of a generation is looked into once: by the next access the disk may have room again.</summary>
    private unsafe FirstFault FirstOf(LostPages lost, FaultHandler.StateBlock* state)
    {
        FirstFault? first = _firstFault;
        if (first?.Generation != state->Generation)
        {
            LostPages.Run origin = lost.First(state);
            _firstFault = first = new FirstFault(state->Generation, origin.First, diagnosis.Diagnose(origin));
        }

        return first;
    }

    private FaultDiagnosis.Result TakenAlong(LostPages.Run run, FaultDiagnosis.Result first) => first with
    {
        Lost = RangeOf(run),
        Detail = $"taken along when bytes {first.Lost} were lost, since the process has too many lost pages (vm.max_map_count), "
            + $"or no memory, for single ones{(first.Detail is null ? "" : $"; of those: {first.Detail}")}",
    };

    private sealed record FirstFault(uint Generation, long Page, FaultDiagnosis.Result Diagnosis);
}
