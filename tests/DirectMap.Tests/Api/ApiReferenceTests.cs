using System.Text.RegularExpressions;

namespace DirectMap.Tests.Api;

public sealed partial class ApiReferenceTests
{
    private static readonly Dictionary<string, string> s_pages = ReferencePages.All();

    /// <summary>The pages in the repository are those that the code and its comments make.</summary>
    [Fact]
    public void The_reference_is_up_to_date() => Accepted.AreIn("docs/api", ".md", s_pages);

    [Fact]
    public void Every_link_leads_to_a_page_and_a_heading()
    {
        string[] broken = [.. from page in s_pages
            from Match link in Link().Matches(page.Value)
            let file = link.Groups[1].Value.Length == 0 ? page.Key : link.Groups[1].Value
            let anchor = link.Groups[2].Value
            where !file.EndsWith(".txt", StringComparison.Ordinal)
                && (!s_pages.TryGetValue(file, out string? target) || (anchor.Length > 0 && !Anchors(target).Contains(anchor)))
            select $"{page.Key}: {link.Value}"];

        Assert.True(broken.Length == 0, string.Join('\n', broken));
    }

    [Fact]
    public void No_two_headings_of_a_page_have_the_same_anchor() =>
        Assert.All(s_pages, page => Assert.Distinct(Anchors(page.Value)));

    [Fact]
    public void Every_page_is_in_the_index() =>
        Assert.All(
            s_pages.Keys.Where(name => name != "README.md"),
            name => Assert.Contains($"]({name})", s_pages["README.md"], StringComparison.Ordinal));

    [Fact]
    public void The_index_arranges_what_there_is() => Assert.Empty(ReferenceThemes.Missing());

    /// <summary>An inherited text is there, and what it says of parameters that the member has not is not.</summary>
    [Fact]
    public void What_is_inherited_is_written_out()
    {
        string page = s_pages["DirectFile.md"];
        string punchHole = page[page.IndexOf("\n## PunchHoleAsync\n", StringComparison.Ordinal)..];
        punchHole = punchHole[..punchHole.IndexOf("\n## ", 4, StringComparison.Ordinal)];

        Assert.Contains("| `ArgumentOutOfRangeException` | ", punchHole, StringComparison.Ordinal); // from PunchHole
        Assert.Contains("| [LeaseConflictException](LeaseConflictException.md) | ", punchHole, StringComparison.Ordinal);
        Assert.Contains("| `OperationCanceledException` | ", punchHole, StringComparison.Ordinal); // its own
        Assert.Contains("| `ArgumentNullException` | ", s_pages["LeaseCoordinator.md"], StringComparison.Ordinal);
        Assert.DoesNotContain("inheritdoc", string.Concat(s_pages.Values), StringComparison.Ordinal);
    }

    private static List<string> Anchors(string page) => [.. Heading().Matches(page)
        .Select(heading => Markdown.Anchor(heading.Groups[1].Value.Replace("\\", "", StringComparison.Ordinal)))];

    [GeneratedRegex(@"\]\(([^)#\s]*)#?([^)\s]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^##? (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
