using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

public sealed class PrepareCommandTests : ToolTest
{
    [Fact]
    public async Task Holes_are_filled_and_it_is_said_what_was_done()
    {
        string path = TestFile.Hole(Folder);
        using (FileStream file = File.OpenWrite(path))
        {
            file.Write(new byte[4096]);
        }

        ToolResult result = await ToolRun.RunAsync("prepare", path);

        Assert.Equal(0, result.Code);
        Assert.Equal(
            ("4096", $"{TestFile.Length - 4096}", "0"),
            (result.Fact("already-written"), result.Fact("allocated"), result.Fact("converted")));
        Assert.StartsWith("can be mapped for writing", result.Fact("verdict"), StringComparison.Ordinal);
        using DirectFile prepared = DirectFile.Open(path);
        prepared.Map(MapOptions.DirectOrEmulated).Dispose();
    }

    [Fact]
    public async Task Only_the_range_asked_for_is_prepared()
    {
        string path = TestFile.Hole(Folder);

        ToolResult result = await ToolRun.RunAsync("prepare", path, "--offset", "64KiB", "--length", "128K");

        Assert.Equal(
            (0, "65536", "131072", "131072"), (result.Code, result.Fact("offset"), result.Fact("length"), result.Fact("allocated")));
        Assert.Equal("131072", (await ToolRun.RunAsync("inspect", path)).Fact("allocated"));
    }

    [Fact]
    public async Task Rewriting_writes_what_seems_fit()
    {
        string path = TestFile.Written(Folder);

        Assert.Equal($"{TestFile.Length}", (await ToolRun.RunAsync("prepare", path)).Fact("already-written"));
        Assert.Equal($"{TestFile.Length}", (await ToolRun.RunAsync("prepare", path, "--rewrite")).Fact("converted"));
    }

    [Fact]
    public async Task Progress_is_a_line_every_ten_percent()
    {
        const long Pieces = 20;
        string path = TestFile.Hole(Folder, Pieces * (32 << 20));

        ToolResult result = await ToolRun.RunAsync("prepare", path);

        string[] told = result.Progress;
        Assert.DoesNotContain("progress", result.Output, StringComparison.Ordinal);
        Assert.Equal(11, told.Length);
        Assert.Equal($"progress: preparing 100% {Pieces * (32 << 20)}/{Pieces * (32 << 20)}", told[^1]);
    }

    [Fact]
    public async Task An_empty_file_has_no_progress() =>
        Assert.Equal("", (await ToolRun.RunAsync("prepare", TestFile.Hole(Folder, 0))).Error);

    [Fact]
    public async Task On_a_terminal_there_is_a_bar()
    {
        ToolResult result = await ToolRun.OnTerminalAsync(80, hasColor: true, "prepare", TestFile.Hole(Folder, 64 << 20));

        Assert.Equal(0, result.Code);
        Assert.Contains("━━━", result.Output, StringComparison.Ordinal);
        Assert.Contains("64 MiB allocated", result.Seen, StringComparison.Ordinal);
        Assert.DoesNotContain("progress:", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_it_and_what_is_done_stays()
    {
        string path = TestFile.Hole(Folder, 16L << 30);

        ToolResult result = await ToolProcess.InterruptAsync(_ => Blocks(path) > 64 << 11, ToolProcess.SIGINT, "prepare", path);

        Assert.Equal(130, result.Code);
        Assert.Contains("interrupted: ", result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("are done and stay so", result.ErrorLine, StringComparison.Ordinal);
        ToolResult after = await ToolRun.RunAsync("inspect", path);
        Assert.InRange(long.Parse(after.Fact("written")), 32 << 20, (16L << 30) - 1);

        static long Blocks(string path)
        {
            Assert.Null(RealFileSystems.Run(out string blocks, "stat", "-c", "%b", path));
            return long.Parse(blocks);
        }
    }

    [Theory]
    [InlineData("--offset", "2M")]
    [InlineData("--length", "2M")]
    [InlineData("--offset", "1M", "--length", "1")]
    [InlineData("--length", "0")]
    [InlineData("--offset", "x")]
    [InlineData("--offset", "-1")]
    [InlineData("--offset")]
    public async Task A_range_that_makes_no_sense_is_2(params string[] range)
    {
        string path = TestFile.Hole(Folder);

        ToolResult result = await ToolRun.RunAsync(["prepare", path, .. range]);

        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.StartsWith("directmap: ", result.Error, StringComparison.Ordinal);
        Assert.Equal("0", (await ToolRun.RunAsync("inspect", path)).Fact("allocated"));
    }

    [Fact]
    public async Task A_file_that_is_missing_is_3() =>
        Assert.Contains("(ENOENT)", (await ToolRun.RunAsync("prepare", Folder.File("missing"))).ErrorLine, StringComparison.Ordinal);

    [Fact]
    public async Task A_full_disk_is_3()
    {
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(Folder, kibibytes: 1024);
        string path = Path.Combine(tiny.Path, "hole");
        File.WriteAllBytes(path, []);
        using (FileStream file = File.OpenWrite(path))
        {
            file.SetLength(2 << 20);
        }

        ToolResult result = await ToolRun.RunAsync("prepare", path);

        Assert.Equal(3, result.Code);
        Assert.Contains("(ENOSPC)", result.ErrorLine, StringComparison.Ordinal);
    }
}
