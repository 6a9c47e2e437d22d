using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Parent;

/// <summary>What became of a cell.</summary>
/// <param name="Cause">The row.</param>
/// <param name="Column">The column.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Code">The child's exit code; null when there was none.</param>
/// <param name="Notes">Its footnotes.</param>
/// <param name="Output">What the child said; or why it was skipped.</param>
internal sealed record CellResult(Cause Cause, Column Column, Outcome Outcome, int? Code, string[] Notes, string Output)
{
    public override string ToString() => $"{Cause.Name} / {Column.Title}: exit "
        + $"{Code?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none"}: {Output.Trim().ReplaceLineEndings(" | ")}";
}

internal enum Outcome
{
    /// <summary>As promised, and the process lives.</summary>
    Ok,

    /// <summary>The process ended, as it was expected to.</summary>
    Ends,

    /// <summary>Something is not as promised.</summary>
    Failed,

    /// <summary>The cause cannot be made here.</summary>
    Skipped,

    /// <summary>There is no such access under this cause.</summary>
    Void,
}
