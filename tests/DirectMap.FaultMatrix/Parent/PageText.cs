using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Parent;

/// <summary>What a page of the documentation has of the table.</summary>
internal static class PageText
{
    /// <summary>
    /// Compares it with a table as it was made here. The row of a cause that few machines can make may be missing on the page.
    /// </summary>
    /// <param name="path">The page.</param>
    /// <param name="markdown">The table.</param>
    /// <returns>What differs, or null.</returns>
    internal static string? Difference(string path, string markdown)
    {
        string[] made = [.. LinesOf(markdown.Split('\n')).Where(line => !IsRare(line))];
        string[] there = [.. LinesOf(File.ReadAllLines(path)).Where(line => !IsRare(line))];
        int same = made.Zip(there).TakeWhile(pair => pair.First == pair.Second).Count();
        return same == made.Length && same == there.Length
            ? null
            : $"{path} is not what was made:\n- {there.ElementAtOrDefault(same) ?? "(nothing)"}\n+ "
                + $"{made.ElementAtOrDefault(same) ?? "(nothing)"}";
    }

    private static bool IsRare(string line) =>
        AllCauses.List.Any(cause => cause is ErrorTarget && line.StartsWith($"| {cause.Title} |", StringComparison.Ordinal));

    /// <summary>The lines of the table, and of the first numbered list after it.</summary>
    private static IEnumerable<string> LinesOf(string[] lines)
    {
        string header = $"|  | {Access.All[0].Title} |";
        string[] rest = [.. lines.SkipWhile(line => !line.StartsWith(header, StringComparison.Ordinal))];
        string[] table = [.. rest.TakeWhile(line => line.StartsWith('|'))];
        return [.. table, .. rest.SkipWhile(line => !line.StartsWith("1. ", StringComparison.Ordinal)).TakeWhile(line => line.Length > 0)];
    }
}
