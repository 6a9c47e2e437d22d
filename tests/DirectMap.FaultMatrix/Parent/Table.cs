using System.Text;
using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Parent;

/// <summary>The results as text.</summary>
internal static class Table
{
    internal static string Render(IReadOnlyList<Cause> causes, IReadOnlyList<Column> columns, List<CellResult> results, bool markdown)
    {
        if (markdown)
        {
            causes = [.. causes.Where(cause => !results.Any(result => result.Cause == cause && result.Outcome == Outcome.Skipped))];
        }

        List<string> notes = [];
        List<string[]> rows = [["", .. columns.Select(column => column.Title)]];
        foreach (Cause cause in causes)
        {
            rows.Add([
                cause.Title,
                .. columns.Select(column =>
                    TextOf(results.Single(result => result.Cause == cause && result.Column == column), notes, markdown))
            ]);
        }

        StringBuilder text = new();
        int[] widths = [.. Enumerable.Range(0, columns.Count + 1).Select(column => markdown ? 0 : rows.Max(row => row[column].Length))];
        foreach (string[] row in rows)
        {
            string line = string.Join(markdown ? " | " : "  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            text.AppendLine(markdown ? $"| {line} |" : line.TrimEnd());
            if (markdown && row == rows[0])
            {
                text.AppendLine($"|{string.Concat(Enumerable.Repeat("---|", row.Length))}");
            }
        }

        text.AppendLine();
        foreach (string line in markdown ? [] : Legend(results))
        {
            text.AppendLine(line);
        }

        if (notes.Count > 0 && !markdown)
        {
            text.AppendLine();
        }

        for (int i = 0; i < notes.Count; i++)
        {
            text.AppendLine(markdown ? $"{i + 1}. {notes[i]}" : $"*{i + 1}  {notes[i]}");
        }

        return text.ToString();
    }

    private static string TextOf(CellResult result, List<string> notes, bool markdown)
    {
        if (result.Outcome is Outcome.Skipped or Outcome.Void)
        {
            return result.Outcome == Outcome.Void ? "-" : "skipped";
        }

        foreach (string note in result.Notes.Except(notes).ToArray())
        {
            notes.Add(note);
        }

        string marks = string.Join(',', result.Notes.Select(note => notes.IndexOf(note) + 1).Order());
        string star = marks.Length == 0 ? "" : markdown ? $"<sup>{marks}</sup>" : $"*{marks}";
        if (markdown && result.Outcome != Outcome.Failed)
        {
            return result.Outcome == Outcome.Ends ? $"**{result.Code}**{star}" : $"ok{star}";
        }

        return $"{(result.Outcome == Outcome.Failed ? "FAILED" : result.Outcome == Outcome.Ends ? "ends" : "ok")}{star} {result.Code}"
            .TrimEnd();
    }

    private static IEnumerable<string> Legend(List<CellResult> results)
    {
        yield return "ok: the process lives, the exception and all that follows is as promised, and nothing leaks; "
            + "the number is the process's exit code.";
        if (results.Any(result => result.Column.How == How.Handler))
        {
            yield return "Each cell of the library's columns is made with both FaultReach values, "
                + "and with the mappings that the cause allows (direct, ordinary).";
        }

        if (results.Any(result => result.Outcome == Outcome.Ok && result.Notes.Length > 0))
        {
            yield return "With a footnote: what is promised and checked there in place of, or beside, a MappingFaultException.";
        }

        if (results.Any(result => result.Outcome == Outcome.Ends))
        {
            yield return "ends: the process ended by SIGBUS, as it is expected to (134 by way of the runtime, 135 in native code).";
        }

        if (results.Any(result => result.Column.How is How.Off or How.Bcl))
        {
            yield return "Off: a mapping with FaultContainment.Off. BCL: MemoryMappedViewAccessor.";
        }

        if (results.Any(result => result.Outcome == Outcome.Failed))
        {
            yield return "FAILED: see below.";
        }

        if (results.Any(result => result.Outcome == Outcome.Skipped))
        {
            yield return "skipped: the cause cannot be made here; see below.";
        }
    }
}
