using System.Text.RegularExpressions;

namespace DirectMap.Tests.Docs;

/// <summary>What a page shows, where it is compiled: between <c>// begin Name</c> and <c>// end</c>.</summary>
/// <param name="Name">The method that it is in, or the type that it declares.</param>
/// <param name="Method">The method declared last before it.</param>
/// <param name="Lines">Its lines, trimmed.</param>
internal sealed partial record Region(string Name, string Method, string[] Lines)
{
    /// <summary>A type that another example uses; otherwise it is within a method that is run.</summary>
    internal bool IsType => Lines.Any(line => Regex.IsMatch(line, $@"\b(class|struct|record) {Name}\b"));

    /// <summary>The regions of a file, in their order.</summary>
    internal static IReadOnlyList<Region> In(string path)
    {
        List<Region> regions = [];
        string method = "";
        string[] lines = File.ReadAllLines(path);
        for (int i = 0; i < lines.Length; i++)
        {
            if (Declaration().Match(lines[i]) is { Success: true } declared)
            {
                method = declared.Groups[1].Value;
            }
            else if (Begin().Match(lines[i]) is { Success: true } begun)
            {
                int end = Array.FindIndex(lines, i, line => line.Trim() == "// end");
                Assert.True(end >= 0, $"{path}:{i + 1}: the region does not end");
                regions.Add(new Region(begun.Groups[1].Value, method, CodeBlock.Trim(lines[(i + 1)..end])));
                i = end;
            }
        }

        return regions;
    }

    [GeneratedRegex(@"^    (?:internal|private) static .*?(\w+)\(")]
    private static partial Regex Declaration();

    [GeneratedRegex(@"^\s*// begin (\w+)$")]
    private static partial Regex Begin();
}
