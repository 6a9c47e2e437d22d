using System.Text;
using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Docs;

/// <summary>A page as its reader sees it: blocks of code, headings, links.</summary>
internal sealed partial class Page
{
    private static readonly Lazy<IReadOnlyList<Page>> s_all = new(() =>
    [
        new Page("README.md"),
        .. Directory.EnumerateFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Where(name => !name.StartsWith("docs/api/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => new Page(name)),
    ]);

    /// <param name="name">Path in the repository.</param>
    internal Page(string name)
    {
        Name = name;
        List<CodeBlock> blocks = [];
        List<string> prose = [];
        List<string> indented = [];
        string[] lines = File.ReadAllLines(Repository.File(name));
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                prose.Add(lines[i]);
                if (lines[i].StartsWith("    ", StringComparison.Ordinal) || lines[i].StartsWith('\t'))
                {
                    indented.Add($"{name}:{i + 1}");
                }

                continue;
            }

            int first = i + 1;
            int end = Array.FindIndex(lines, first, line => line.Trim() == "```");
            Assert.True(end >= 0, $"{name}:{first}: the block is not closed");
            blocks.Add(new CodeBlock(lines[i].Trim()[3..].Trim(), $"{name}:{first}", string.Join('\n', lines[first..end])));
            i = end;
        }

        Blocks = blocks;
        IndentedLines = indented;
        Anchors = AnchorsOf(prose).ToHashSet();
        InlineCode = [.. prose.SelectMany(line => Inline().Matches(line)).Select(code => code.Value)];
        Links = [.. prose.SelectMany(line => Link().Matches(Inline().Replace(line, "")).Select(link => link.Groups[1].Value))];
    }

    /// <summary>README.md and all under docs/, but for what is generated.</summary>
    internal static IReadOnlyList<Page> All => s_all.Value;

    /// <summary>Path in the repository.</summary>
    internal string Name { get; }

    internal IReadOnlyList<CodeBlock> Blocks { get; }

    /// <summary>Where there is code without a fence.</summary>
    internal IReadOnlyList<string> IndentedLines { get; }

    internal IReadOnlySet<string> Anchors { get; }

    /// <summary>The code within its sentences and tables.</summary>
    internal IReadOnlyList<string> InlineCode { get; }

    /// <summary>Where its links lead, as written.</summary>
    internal IReadOnlyList<string> Links { get; }

    /// <summary>The class that has its examples: <c>docs/getting-started.md</c> is <c>GettingStartedExamples</c>.</summary>
    internal string ExamplesName
    {
        get
        {
            string name = Name.StartsWith("docs/", StringComparison.Ordinal) ? Name["docs/".Length..] : Name.ToLowerInvariant();
            IEnumerable<string> words = Path.ChangeExtension(name, null).Split('-', '/');
            return string.Concat(words.Select(word => char.ToUpperInvariant(word[0]) + word[1..])) + "Examples";
        }
    }

    /// <summary>What stands at the place of a heading's words in a link, as GitHub makes it.</summary>
    private static IEnumerable<string> AnchorsOf(IEnumerable<string> lines)
    {
        Dictionary<string, int> seen = [];
        foreach (string line in lines.Where(line => Heading().IsMatch(line)))
        {
            StringBuilder anchor = new();
            foreach (char c in LinkText().Replace(Heading().Replace(line, ""), "$1").Trim().ToLowerInvariant())
            {
                _ = char.IsLetterOrDigit(c) || c is '-' or '_' ? anchor.Append(c) : c == ' ' ? anchor.Append('-') : anchor;
            }

            string text = anchor.ToString();
            int before = seen.GetValueOrDefault(text);
            seen[text] = before + 1;
            yield return before == 0 ? text : $"{text}-{before}";
        }
    }

    [GeneratedRegex(@"^#{1,6} ")]
    private static partial Regex Heading();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Inline();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();
}
