using System.Reflection;
using System.Text.RegularExpressions;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Docs;

/// <summary>Every block of C# in README.md and docs/ is compiled, and run as a process of its own.</summary>
public sealed class ExampleTests : IDisposable
{
    private const string Namespace = "DirectMap.Tests.Docs.Examples";

    private static string Folder => Repository.File("tests/DirectMap.Tests/Docs/Examples");

    private readonly TestDirectory _directory = new();

    public static TheoryData<string, string> Examples
    {
        get
        {
            TheoryData<string, string> examples = [];
            foreach (MethodInfo method in All())
            {
                examples.Add(method.DeclaringType!.Name, method.Name);
            }

            return examples;
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void The_example_does_what_the_page_says_and_again_in_the_same_folder(string type, string method)
    {
        ExampleAttribute example = All().Single(m => m.DeclaringType!.Name == type && m.Name == method)
            .GetCustomAttribute<ExampleAttribute>()!;
        if (example.NeedsNative)
        {
            Requires.Native();
        }

        using Requires.TinyFileSystem? tmpfs = example.TmpfsKibibytes == 0 ? null : Requires.TinyTmpfs(_directory, example.TmpfsKibibytes);
        string[][] printed = new string[2][];
        for (int run = 0; run < 2; run++)
        {
            ChildProcess.Result result = ChildProcess.Run(ExampleCases.Run, $"{Namespace}.{type}", method, tmpfs?.Path ?? _directory.Path);

            Assert.True(result.ExitCode == (example.EndsTheProcess ? 134 : 0), $"run {run + 1}: {result}");
            Assert.Equal(example.EndsTheProcess, result.Error.Contains("Fatal error", StringComparison.Ordinal));
            printed[run] = CodeBlock.Trim($"{result.Output}\n{(example.EndsTheProcess ? result.Error : "")}".Split('\n'));
        }

        if (Repository.IsHere)
        {
            CodeBlock? shown = OutputShown(type, method);
            string both = string.Join('\n', printed[0].Concat(printed[1]));
            Assert.True(shown is not null || both.Length == 0, $"the page does not show what two runs print:\n{both}");
            Assert.True(
                shown is null || printed.All(run => Shows(shown.Lines, run)) || Shows(shown.Lines, [.. printed[0], .. printed[1]]),
                $"{shown?.Place}: shown\n{shown?.Text}\nprinted in two runs\n{both}");
        }
    }

    [Fact]
    public void What_a_page_shows_is_what_is_compiled()
    {
        foreach (Page page in Page.All)
        {
            string[] paths = SourcesOf(page.ExamplesName);
            CodeBlock[] blocks = CSharpOf(page);
            if (blocks.Length == 0)
            {
                Assert.True(paths.Length == 0, $"{page.Name} shows nothing of {page.ExamplesName}");
                continue;
            }

            Assert.True(paths.Length > 0, $"{blocks[0].Place}: there is no {page.ExamplesName}.cs in Docs/Examples");
            List<Region> regions = RegionsOf(page);
            for (int i = 0; i < Math.Min(blocks.Length, regions.Count); i++)
            {
                string[] shown = ShownIn(blocks[i], paths);
                Assert.True(
                    regions[i].Lines.SequenceEqual(shown),
                    $"{blocks[i].Place} is not {page.ExamplesName}.{regions[i].Name}:\n{Difference(regions[i].Lines, shown)}");
            }

            Assert.True(
                blocks.Length <= regions.Count,
                $"{blocks[^1].Place}: {page.Name} has {blocks.Length} blocks of C#, {page.ExamplesName} {regions.Count} regions");
            Assert.True(
                blocks.Length >= regions.Count,
                $"{page.ExamplesName}.{regions[^1].Name}: no block of {page.Name} shows it, which has {blocks.Length}");
        }
    }

    [Fact]
    public void What_is_compiled_is_run()
    {
        foreach (string type in Directory.EnumerateFiles(Folder, "*.cs").Select(TypeOf).Distinct())
        {
            Page? page = Page.All.SingleOrDefault(page => page.ExamplesName == type);
            Assert.True(page is not null, $"{type}: there is no such page");

            List<Region> regions = RegionsOf(page);
            string[] run = [.. regions.Where(region => !region.IsType).Select(region => region.Name)];
            Assert.Equal(All().Where(method => method.DeclaringType!.Name == type).Select(method => method.Name).Order(), run.Order());
            Assert.Equal(regions.Where(region => !region.IsType).Select(region => region.Method), run);
            foreach (Region declared in regions.Where(region => region.IsType))
            {
                Assert.True(
                    regions.Any(region => region.Name != declared.Name
                        && region.Lines.Any(line => line.Contains($"new {declared.Name}", StringComparison.Ordinal)
                            || line.Contains($"<{declared.Name}>", StringComparison.Ordinal))),
                    $"{type}: no example uses {declared.Name}");
            }
        }
    }

    public void Dispose() => _directory.Dispose();

    private static IEnumerable<MethodInfo> All() => typeof(ExampleTests).Assembly.GetTypes()
        .Where(type => type.Namespace == Namespace)
        .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
        .Where(method => method.GetCustomAttribute<ExampleAttribute>() is not null);

    /// <summary>A class may have several files: what stands between its name and the extension says their subject.</summary>
    private static string TypeOf(string path) => Path.GetFileName(path).Split('.')[0];

    private static string[] SourcesOf(string type) =>
        [.. Directory.EnumerateFiles(Folder, $"{type}*.cs").Where(path => TypeOf(path) == type).Order(StringComparer.Ordinal)];

    private static CodeBlock[] CSharpOf(Page page) => [.. page.Blocks.Where(block => block.Kind == CodeBlock.CSharp)];

    /// <summary>What is compiled for a page. Each file has the page's order, and the page says which file goes on.</summary>
    private static List<Region> RegionsOf(Page page)
    {
        string[] paths = SourcesOf(page.ExamplesName);
        CodeBlock[] blocks = CSharpOf(page);
        List<Queue<Region>> files = [.. paths.Select(path => new Queue<Region>(Region.In(path))).Where(file => file.Count > 0)];
        List<Region> regions = [];
        while (files.Count > 0)
        {
            string[]? shown = regions.Count < blocks.Length ? ShownIn(blocks[regions.Count], paths) : null;
            Queue<Region> next = files.Find(file => shown is not null && file.Peek().Lines.SequenceEqual(shown)) ?? files[0];
            regions.Add(next.Dequeue());
            files.RemoveAll(file => file.Count == 0);
        }

        return regions;
    }

    private static string[] ShownIn(CodeBlock block, string[] paths) => [.. block.Lines.SkipWhile(line => IsImport(line, paths))];

    /// <summary>A using directive, of a namespace that a file of the examples has too.</summary>
    private static bool IsImport(string line, string[] paths)
    {
        if (!Regex.IsMatch(line, @"^using [\w.]+;$"))
        {
            return false;
        }

        Assert.True(
            line == "using DirectMap;" || paths.Any(path => File.ReadAllLines(path).Contains(line)), $"{paths[0]} lacks {line}");
        return true;
    }

    /// <summary>The output (of each run, or of both) that the page shows below an example's block; null where it shows none.</summary>
    private static CodeBlock? OutputShown(string type, string method)
    {
        Page page = Page.All.Single(page => page.ExamplesName == type);
        CodeBlock code = CSharpOf(page)[RegionsOf(page).FindIndex(region => region.Name == method)];
        return page.Blocks.SkipWhile(block => block != code).Skip(1).FirstOrDefault() is { Kind: CodeBlock.Output } shown ? shown : null;
    }

    /// <summary>Whether what is shown is what was printed, with <c>...</c> for anything.</summary>
    private static bool Shows(string[] shown, string[] printed) => Regex.IsMatch(
        string.Join('\n', printed),
        "^" + Regex.Escape(string.Join('\n', shown)).Replace(@"\.\.\.", ".*?", StringComparison.Ordinal) + "$",
        RegexOptions.Singleline);

    private static string Difference(string[] tested, string[] shown)
    {
        int at = tested.Zip(shown).TakeWhile(pair => pair.First == pair.Second).Count();
        return $"tested: {tested.ElementAtOrDefault(at) ?? "(nothing more)"}\nshown:  {shown.ElementAtOrDefault(at) ?? "(nothing more)"}";
    }
}
