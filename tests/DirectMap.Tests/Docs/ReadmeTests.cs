using System.Text.RegularExpressions;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Docs;

public sealed partial class ReadmeTests : IDisposable
{
    private readonly TestDirectory _directory = new();

    [Theory]
    [InlineData(nameof(ReadmeCases.Example))]
    [InlineData(nameof(ReadmeCases.Leases))]
    [InlineData(nameof(ReadmeCases.Layout))]
    public void The_example_does_what_it_says(string example)
    {
        ChildProcess.Result result = ChildProcess.Run(
            example switch
            {
                nameof(ReadmeCases.Leases) => ReadmeCases.Leases,
                nameof(ReadmeCases.Layout) => ReadmeCases.Layout,
                _ => ReadmeCases.Example,
            },
            _directory.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
    }

    [Theory]
    [InlineData("README.md", "", "")]
    [InlineData("leases.md", "docs", " leases")]
    [InlineData("layout.md", "docs", " layout")]
    public void The_example_is_the_code_that_is_tested(string page, string folder, string name)
    {
        string text = File.ReadAllText(Find(page, folder));
        string shown = CodeBlock().Match(text).Groups[1].Value;
        string source = File.ReadAllText(Find("ReadmeCases.cs", "tests/DirectMap.Tests/Children"));
        string tested = Between().Matches(source).Single(block => block.Groups[1].Value == name).Groups[2].Value;

        Assert.Equal(Lines(tested), Lines(shown));
    }

    public void Dispose() => _directory.Dispose();

    private static string[] Lines(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];

    /// <summary>A file of the repository, from wherever the tests run in it.</summary>
    private static string Find(string name, string folder = "")
    {
        for (string? at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            string path = Path.Combine(at, folder, name);
            if (File.Exists(path))
            {
                return path;
            }
        }

        Requires.Have("repository", false, $"needs the repository around it: no {name}");
        return "";
    }

    [GeneratedRegex("```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("// begin( \\w+)?\n(.*?)// end", RegexOptions.Singleline)]
    private static partial Regex Between();
}
