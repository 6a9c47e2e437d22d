using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Docs;

/// <summary>docs/tool.md says what the tool does.</summary>
public sealed class ToolPageTests : ToolTest
{
    [Fact]
    public async Task Each_field_of_the_JSON_is_described()
    {
        string page = Page();
        string path = TestFile.Written(Folder);
        JsonElement inspected = await ToolRun.JsonOfAsync(path);
        JsonElement measured = JsonDocument.Parse((await ToolRun.RunAsync("bench", path, "--json", "--duration", "0.1")).Output).RootElement;

        Assert.All(Names(inspected).Concat(Names(measured)), name => Assert.Contains($"`{name}`", page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_option_is_described()
    {
        string page = Page();
        foreach (string command in (string[])["inspect", "prepare", "create", "bench"])
        {
            ToolResult help = await ToolRun.RunAsync(command, "--help");
            Assert.All(help.Output.Split([' ', '\n', ',']).Where(word => word.StartsWith("--", StringComparison.Ordinal) && word != "--help"), option => Assert.Contains(option, page, StringComparison.Ordinal));
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
}
