namespace DirectMap.FaultMatrix.Cells;

/// <summary>The lines by which a cell tells its parent more than its exit code.</summary>
internal static class CellLines
{
    /// <summary>What is promised in place of what one might expect: a footnote.</summary>
    internal const string Note = "note: ";

    /// <summary>From here on the process is expected to end by SIGBUS.</summary>
    internal const string Ends = "ends: the next access";
}
