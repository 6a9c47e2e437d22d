using System.Text.Json;
using System.Text.RegularExpressions;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Tests.Infrastructure;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Tests.Docs;

/// <summary>docs/tool.md says what the tool does.</summary>
public sealed partial class ToolPageTests(RealFileSystems fileSystems) : ToolTest
{
    [Fact]
    public async Task Each_field_of_the_JSON_is_described()
    {
        string page = Page();
        string path = TestFile.Written(Folder);
        JsonElement inspected = await ToolRun.JsonOfAsync(path);
        JsonElement measured = JsonDocument.Parse(
            (await ToolRun.RunAsync("bench", path, "--json", "--duration", "0.1")).Output).RootElement;
        using HolderProcess holder = new(path, "map shared", "flock");
        JsonElement held = JsonDocument.Parse((await ToolRun.RunAsync("leases", path, "--json")).Output).RootElement;
        IEnumerable<JsonElement> watched = Watched().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement);

        Assert.All(
            watched.Append(inspected).Append(measured).Append(held).SelectMany(Names),
            name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_option_is_described()
    {
        string page = Page();
        foreach (string command in (string[])["inspect", "prepare", "create", "bench", "leases", "watch"])
        {
            ToolResult help = await ToolRun.RunAsync(command, "--help");
            Assert.All(
                help.Output.Split([' ', '\n', ',']).Where(word => word.StartsWith("--", StringComparison.Ordinal) && word != "--help"),
                option => Assert.Contains(option, page, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_exit_codes_are_those_of_the_help()
    {
        string page = Page();
        foreach (string line in ExitCode.Help.Split('\n').Skip(1))
        {
            string[] parts = line.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            Assert.Contains($"| {parts[0]} | {parts[1]}", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_the_page_shows_is_what_is_printed()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4);
        Requires.Have("script", RealFileSystems.Run("script", "--version") is null, "needs script(1)");
        MakeImport(directory.File("import.dat"));
        Assert.Equal(0, (await ToolRun.RunAsync("create", directory.File("orders.pmem"), "--length", "64MiB")).Code);
        string bin = Directory.CreateDirectory(directory.File("bin")).FullName;
        File.CreateSymbolicLink(Path.Combine(bin, "directmap"), ToolProcess.Executable);
        MatchCollection shown = Shown().Matches(Page());
        Assert.Equal(6, shown.Count);
        foreach (Match pair in shown)
        {
            string command = pair.Groups[1].Value;
            ToolResult printed = await ToolProcess.RunAsync(
                "script", "-qec", $"cd {directory.Path}; PATH={bin}:$PATH; stty cols 80; {command}", "/dev/null");
            Func<string, string[]> comparable = command.StartsWith("directmap ", StringComparison.Ordinal) ? Comparable : WithoutNumbers;
            Assert.Equal(comparable(pair.Groups[2].Value), comparable(printed.Seen));
        }
    }

    /// <summary>
    /// Without what differs from run to run: the bar, the figures of a measurement and the widths of its columns, how
    /// many pieces there are.
    /// </summary>
    private static string[] Comparable(string text) =>
    [
        .. text.Split('\n')
            .Select(line => line.Split('\r', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault(""))
            .Where(line => line.Length > 0 && !line.StartsWith("progress: ", StringComparison.Ordinal)
                && !line.Contains('━', StringComparison.Ordinal) && !"╭├╰".Contains(line[0], StringComparison.Ordinal))
            .Select(line => line[0] == '│' ? Spaces().Replace(Figure().Replace(line, "#"), " ") : Pieces().Replace(line, "# fragments")),
    ];

    /// <summary>Processes have other numbers each time, and who runs the tests may not see all.</summary>
    private static string[] WithoutNumbers(string text) =>
    [
        .. Comparable(text).Where(line => !line.Contains("could not be looked into", StringComparison.Ordinal)
            && !line.Contains("was looked at", StringComparison.Ordinal))
            .Select(line => Spaces().Replace(Number().Replace(line, "#"), " ").Replace(" bash", " sh", StringComparison.Ordinal).TrimEnd())
    ];

    /// <summary>A line of each kind.</summary>
    private static string Watched()
    {
        using StringWriter output = new();
        JsonWatchReport report = new(output);
        Protection protection = new(ProtectionLevel.Watched, "");
        Change change = new(TrespassOrigin.Unknown, null, null, ProtectionEngine.None, null);
        report.Begin("", 0, protection, default);
        report.Change(protection, default);
        report.Change(new ChangeNotice(change, default, default, 1));
        report.End(new WatchSummary(default, 1, protection, false), default);
        return output.ToString();
    }

    /// <summary>20 MiB of data, 20 MiB of unwritten blocks, and a hole with a page of data in it.</summary>
    private static void MakeImport(string path)
    {
        using DirectFile file = DirectFile.Create(path, 20 << 20);
        file.Allocate(20 << 20, 20 << 20);
        file.SetLength(64 << 20);
        file.Write(new byte[4096], 50 << 20);
        file.Flush();
    }

    private static IEnumerable<string> Names(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Names(member.Value).Prepend(member.Name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Names),
        _ => [],
    };

    private static string Page()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DirectMap.sln")))
            {
                return File.ReadAllText(Path.Combine(folder.FullName, "docs", "tool.md"));
            }
        }

        Requires.Have("repository", false, "needs the repository around the test assembly");
        return "";
    }

    [GeneratedRegex(
        "```sh\n((?:flock -o [^ ]+ |\\([^)]*\\) >> [^ ]+ & )?directmap [^\n]*)\n```\n\n```text output\n(.*?)```",
        RegexOptions.Singleline)]
    private static partial Regex Shown();

    [GeneratedRegex("[0-9.]+( [um]s)? │")]
    private static partial Regex Figure();

    [GeneratedRegex("[0-9]+ fragments?")]
    private static partial Regex Pieces();

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    [GeneratedRegex(" +")]
    private static partial Regex Spaces();
}
