using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>Changes as they come; who makes them are real processes.</summary>
public sealed class WatchCommandTests : ToolTest
{
    private const string NoInstances =
        "echo 0 > /proc/sys/user/max_fanotify_groups && echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"";

    [Theory]
    [InlineData("printf x >> \"$0\"")]
    [InlineData("truncate -s 4096 \"$0\"")]
    [InlineData("fallocate -p -o 0 -l 4096 \"$0\"")]
    [InlineData(": > \"$0\"")]
    public async Task A_change_by_another_process_is_printed_when_it_comes(string script)
    {
        string path = TestFile.Written(Folder);
        using RunningTool tool = RunningTool.Start("watch", path);
        Assert.Matches(" watched, (fa|i)notify: ", await tool.LineAsync("level: "));

        Assert.Null(RealFileSystems.Run("sh", "-c", script, path));

        Assert.Contains(" by another process", await tool.LineAsync("change: "), StringComparison.Ordinal);
        tool.Send(ToolProcess.SIGINT);
        ToolResult result = await tool.EndAsync();
        Assert.Equal((130, ""), (result.Code, result.Error));
        Assert.InRange(int.Parse(result.Fact("notices")), 1, 2);
        Assert.StartsWith("watched, ", result.Fact("last-level"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_change_has_a_line_with_the_process_that_made_it()
    {
        Requires.Root();
        string path = TestFile.Written(Folder);
        using RunningTool tool = RunningTool.Start("watch", path);
        await tool.LineAsync("level: ");
        for (int i = 0; i < 3; i++)
        {
            Assert.Null(RealFileSystems.Run(out string process, "sh", "-c", "echo $$; printf x >> \"$0\"", path));

            Assert.Contains($" by another process, {process.Trim()}", await tool.LineAsync("change: "), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task As_JSON_each_line_says_what_it_is()
    {
        string path = TestFile.Written(Folder);
        using RunningTool tool = RunningTool.Start("watch", path, "--json", "--count", "1");
        JsonElement begin = JsonDocument.Parse(await tool.LineAsync("{\"event\":\"begin\",")).RootElement;
        Assert.Equal(
            (path, TestFile.Length, "watched"),
            (begin.GetProperty("path").GetString(), begin.GetProperty("length").GetInt32(), begin.GetProperty("level").GetString()));

        File.AppendAllText(path, "x");

        ToolResult result = await tool.EndAsync();
        Assert.Equal((0, ""), (result.Code, result.Error));
        JsonElement[] lines = [.. result.Lines.Skip(1).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(["change", "end"], lines.Select(line => line.GetProperty("event").GetString()));
        Assert.Equal("otherProcess", lines[0].GetProperty("origin").GetString());
        Assert.InRange(
            lines[0].GetProperty("time").GetDateTimeOffset(),
            begin.GetProperty("time").GetDateTimeOffset(),
            lines[1].GetProperty("time").GetDateTimeOffset());
        Assert.InRange(lines[1].GetProperty("notices").GetInt32(), 1, 2);
        Assert.InRange(lines[1].GetProperty("seconds").GetDouble(), 0, Soon.Patience.TotalSeconds);
    }

    [Fact]
    public async Task Without_a_change_it_ends_when_its_time_is_up()
    {
        ToolResult result = await ToolRun.RunAsync("watch", TestFile.Written(Folder), "--for", "0.2");

        Assert.Equal((0, "0", ""), (result.Code, result.Fact("notices"), result.Error));
        Assert.InRange(double.Parse(result.Fact("seconds"), System.Globalization.CultureInfo.InvariantCulture), 0.2, 30);
    }

    [Fact]
    public async Task A_signal_that_comes_several_times_at_once_still_lets_it_say_what_it_saw()
    {
        // timeout(1) sends it to the process, and then to its group.
        string path = TestFile.Written(Folder);
        for (int round = 0; round < 5; round++)
        {
            using RunningTool tool = RunningTool.Start("watch", path);
            await tool.LineAsync("level: ");

            tool.SendManyTimes(ToolProcess.SIGTERM);

            ToolResult result = await tool.EndAsync();
            Assert.Equal((143, "0"), (result.Code, result.Fact("notices")));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(TestFile.Length)]
    public async Task A_file_of_somebody_else_that_may_be_read_is_watched(int length)
    {
        Requires.Root();
        using TestDirectory directory = new();
        string copy = ToolProcess.CopyTo(directory);
        string path = TestFile.Hole(Folder, length);
        File.SetUnixFileMode(Folder.Path, File.GetUnixFileMode(Folder.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        using RunningTool tool = new(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", copy], "watch", path, "--count", "1");
        Assert.Contains(" watched, ", await tool.LineAsync("level: "), StringComparison.Ordinal);

        File.AppendAllText(path, "x");

        Assert.Matches(" by (another|an unknown) process, (fa|i)notify$", await tool.LineAsync("change: "));
        Assert.Equal(0, (await tool.EndAsync()).Code);
    }

    [Fact]
    public async Task What_cannot_be_watched_is_1_with_the_reason()
    {
        string path = TestFile.Written(Folder);
        Requires.Have(
            "user-namespaces",
            RealFileSystems.Run("unshare", "-U", "-r", "sh", "-c", NoInstances, "sh", "true") is null,
            "needs user namespaces");
        using RunningTool tool = new(["unshare", "-U", "-r", "sh", "-c", NoInstances, "sh", ToolProcess.Executable], "watch", path);

        ToolResult result = await tool.EndAsync();

        Assert.Equal((1, "thisProcess, none"), (result.Code, result.Fact("last-level")));
        Assert.Contains("is not watched: ", result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("EMFILE", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_it_says_how_long_it_watched()
    {
        ToolResult result = await ToolRun.OnTerminalAsync(80, hasColor: true, "watch", TestFile.Written(Folder), "--for", "0.2");

        Assert.Equal(0, result.Code);
        Assert.Matches("1 MiB \\| watched by (fa|i)notify", result.Seen);
        Assert.Contains("0 notices of changes in 0", result.Seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--for", "0")]
    [InlineData("--for", "long")]
    [InlineData("--count", "0")]
    [InlineData("--count", "-1")]
    [InlineData("--count", "many")]
    public async Task A_bound_that_is_none_is_2(params string[] bound)
    {
        ToolResult result = await ToolRun.RunAsync(["watch", TestFile.Written(Folder), .. bound]);

        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.StartsWith($"{bound[0]}: '{bound[1]}' is not ", result.ErrorLine["directmap: ".Length..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_missing_is_3() =>
        Assert.Contains("(ENOENT)", (await ToolRun.RunAsync("watch", Folder.File("missing"))).ErrorLine, StringComparison.Ordinal);
}
