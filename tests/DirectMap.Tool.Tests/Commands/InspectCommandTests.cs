using System.Diagnostics;
using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Commands;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

public sealed class InspectCommandTests : ToolTest
{
    [Fact]
    public async Task A_file_that_can_be_mapped_is_0_and_one_fact_a_line()
    {
        string path = TestFile.Written(Folder);

        ToolResult result = await ToolRun.RunAsync("inspect", path);

        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Equal(path, result.Fact("path"));
        Assert.Equal($"{TestFile.Length}", result.Fact("length"));
        Assert.Equal($"{TestFile.Length}", result.Fact("allocated"));
        Assert.Equal($"{TestFile.Length}", result.Fact("written"));
        Assert.Equal(new string('W', 64), result.Fact("map"));
        Assert.Equal("mappable", result.Fact("directOrEmulated for writing"));
        Assert.Equal("none", result.Fact("command"));
        Assert.All(result.Lines, line => Assert.Matches("^[a-zA-Z -]+: [\\x20-\\x7E]+$", line));
    }

    [Fact]
    public async Task A_hole_is_refused_with_the_command_that_helps()
    {
        string path = TestFile.Hole(Folder);

        ToolResult result = await ToolRun.RunAsync("inspect", path);

        Assert.Equal((1, ""), (result.Code, result.Error));
        Assert.Equal(new string('.', 64), result.Fact("map"));
        Assert.Equal($"{TestFile.Length}", result.Fact("hole"));
        Assert.Equal("0", result.Fact("fragments"));
        Assert.StartsWith("refused, Hole: ", result.Fact("directOrEmulated for writing"), StringComparison.Ordinal);
        Assert.EndsWith(
            "directmap create makes files without holes, and directmap prepare fills them",
            result.Fact("directOrEmulated for writing"),
            StringComparison.Ordinal);
        Assert.Equal("mappable", result.Fact("directOrEmulated for reading"));
        Assert.Equal($"directmap prepare {path}", result.Fact("command"));
    }

    [Fact]
    public async Task Unwritten_blocks_are_told_from_holes()
    {
        string path = TestFile.Unwritten(Folder);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(2 * TestFile.Length);
        }

        ToolResult result = await ToolRun.RunAsync("inspect", path);

        Assert.Equal(1, result.Code);
        Assert.Equal(new string('u', 32) + new string('.', 32), result.Fact("map"));
        Assert.Equal((TestFile.Length, TestFile.Length), (int.Parse(result.Fact("unwritten")), int.Parse(result.Fact("hole"))));
    }

    [Theory]
    [InlineData("directOrEmulated", "reading", 0)]
    [InlineData("directOrEmulated", "writing", 1)]
    [InlineData("frozenLayout", "reading", 0)]
    [InlineData("frozenLayout", "writing", 1)]
    public async Task Which_verdict_decides_can_be_chosen(string mode, string access, int code) =>
        Assert.Equal(code, (await ToolRun.RunAsync("inspect", TestFile.Hole(Folder), "--require", mode, "--for", access)).Code);

    [Fact]
    public async Task Persistent_memory_can_be_required()
    {
        string path = TestFile.Written(Folder);
        JsonElement json = await ToolRun.JsonOfAsync(path);
        Requires.Have("no-dax", !json.GetProperty("dax").GetBoolean(), "needs a temp folder that is not on persistent memory");

        ToolResult result = await ToolRun.RunAsync("inspect", path, "--require", "direct");

        Assert.Equal(1, result.Code);
        Assert.Equal("cannot be mapped for writing (direct (DAX)): NotDaxCapable", result.Fact("verdict"));
    }

    [Fact]
    public async Task An_empty_file_is_refused_and_the_command_makes_it_mappable()
    {
        string path = TestFile.Hole(Folder, 0);

        ToolResult result = await ToolRun.RunAsync("inspect", path);

        Assert.Equal(1, result.Code);
        Assert.Equal("", result.Lines.Single(line => line.StartsWith("map:", StringComparison.Ordinal))["map: ".Length..]);
        Assert.StartsWith("refused, BeyondEndOfFile", result.Fact("directOrEmulated for writing"), StringComparison.Ordinal);
        Assert.Equal($"truncate -s {Environment.SystemPageSize} {path} && directmap prepare {path}", result.Fact("command"));
    }

    [Fact]
    public async Task A_huge_sparse_file_is_looked_at_at_once()
    {
        string path = TestFile.Hole(Folder, 1L << 40);
        Stopwatch watch = Stopwatch.StartNew();

        JsonElement json = await ToolRun.JsonOfAsync(path);

        Assert.Equal(1L << 40, json.GetProperty("extents").GetProperty("hole").GetInt64());
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, Soon.Patience); // page by page it would take minutes
    }

    [Fact]
    public async Task Several_files_are_shown_and_the_worst_one_is_the_exit_code()
    {
        string written = TestFile.Written(Folder), hole = TestFile.Hole(Folder), missing = Folder.File("missing");

        ToolResult result = await ToolRun.RunAsync("inspect", "--json", written, missing, hole);

        Assert.Equal(3, result.Code);
        Assert.Equal([written, hole], result.Lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("path").GetString()));
        Assert.Contains("ENOENT", result.ErrorLine, StringComparison.Ordinal);
        Assert.Equal(1, (await ToolRun.RunAsync("inspect", written, hole)).Code);
    }

    [Theory]
    [InlineData("missing", "ENOENT")]
    [InlineData("no/such/folder", "ENOENT")]
    [InlineData("", "EISDIR")]
    public async Task What_is_not_there_or_no_file_is_3_and_one_line(string name, string errno)
    {
        ToolResult result = await ToolRun.RunAsync("inspect", Path.Combine(Folder.Path, name));

        Assert.Equal((3, ""), (result.Code, result.Output));
        Assert.Contains($"({errno})", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_is_3() =>
        Assert.Contains("(EINVAL)", (await ToolRun.RunAsync("inspect", "/dev/null")).ErrorLine, StringComparison.Ordinal);

    [Theory]
    [InlineData("inspect")]
    [InlineData("inspect", "")]
    [InlineData("inspect", "f", "--nonsense")]
    [InlineData("inspect", "f", "--require", "luck")]
    [InlineData("inspect", "f", "--for", "fun")]
    [InlineData("nonsense")]
    [InlineData]
    public async Task Bad_usage_is_2_and_says_so(params string[] args)
    {
        ToolResult result = await ToolRun.RunAsync(args);

        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.StartsWith("directmap: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData]
    [InlineData("inspect")]
    [InlineData("prepare")]
    [InlineData("create")]
    [InlineData("bench")]
    public async Task Help_names_the_exit_codes(params string[] command)
    {
        ToolResult result = await ToolRun.RunAsync([.. command, "--help"]);

        Assert.Equal(0, result.Code);
        Assert.Contains("130  interrupted", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--require must be one of direct, directOrEmulated, frozenLayout", "inspect", "f", "--require", "luck")]
    [InlineData("--for must be one of reading, writing", "inspect", "f", "--for", "fun")]
    [InlineData("'nonsense' is not a command; there are inspect, prepare, create, bench", "nonsense")]
    [InlineData("'-x' is not an option", "inspect", "-x")]
    [InlineData("'-x' is not an option", "inspect", "-x", "--", "-y")]
    public async Task What_is_wrong_with_a_command_line_is_one_line(string message, params string[] args)
    {
        string line = (await ToolRun.RunAsync(args)).ErrorLine;

        Assert.StartsWith($"directmap: {message}", line, StringComparison.Ordinal);
        Assert.DoesNotContain("\\x", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_two_dashes_there_are_names_only() =>
        Assert.Contains("/-x': No such file", (await ToolRun.RunAsync("inspect", "--", "-x")).ErrorLine, StringComparison.Ordinal);

    [Theory]
    [InlineData("/proc/cpuinfo")]
    [InlineData("/sys/kernel/mm/transparent_hugepage/enabled")]
    public async Task No_command_helps_a_file_that_is_none(string path)
    {
        Requires.Have("special-file", File.Exists(path), $"needs {path}");

        Assert.Equal(
            (1, "none"), ((await ToolRun.RunAsync("inspect", path)).Code, (await ToolRun.RunAsync("inspect", path)).Fact("command")));
    }

    [Fact]
    public async Task No_command_helps_where_there_is_no_space_for_it() =>
        Assert.Equal("none", (await ToolRun.RunAsync("inspect", TestFile.Hole(Folder, 1L << 43))).Fact("command"));

    [Fact]
    public async Task Ctrl_C_ends_it_between_two_files()
    {
        string path = TestFile.Written(Folder);
        using CancellationTokenSource source = new();
        using CancellingWriter output = new(source);
        using StringWriter error = new();

        int code = await DirectMapTool.RunAsync(
            ["inspect", "--json", path, path, path], new ToolConsole { Out = output, Error = error }, source.Token);

        Assert.Equal((130, 1), (code, output.Lines));
        Assert.Contains("interrupted: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Ctrl_C_ends_the_walk_over_the_extents()
    {
        using DirectFile file = DirectFile.Open(TestFile.Written(Folder));

        Assert.Throws<OperationCanceledException>(() =>
            FileInspector.Inspect(file.Path, 1, copyUp: false, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_name_that_would_steer_the_terminal_is_shown_harmlessly()
    {
        string path = TestFile.Written(Folder, "evil\u001b[31m\nname [red]");

        ToolResult plain = await ToolRun.RunAsync("inspect", path);
        ToolResult seen = await ToolRun.OnTerminalAsync(100, hasColor: false, "inspect", path);
        JsonElement json = await ToolRun.JsonOfAsync(path);

        Assert.EndsWith("evil\\x1b[31m\\x0aname [red]", plain.Fact("path"), StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b[31m", seen.Output, StringComparison.Ordinal);
        Assert.Equal(path, json.GetProperty("path").GetString());
    }

    private sealed class CancellingWriter(CancellationTokenSource source) : StringWriter
    {
        internal int Lines { get; private set; }

        public override void WriteLine(string? value)
        {
            Lines++;
            source.Cancel();
        }
    }
}
