using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

public sealed class CreateCommandTests : ToolTest
{
    [Fact]
    public async Task A_file_of_written_zeros_is_made()
    {
        ToolResult result = await ToolRun.RunAsync("create", Folder.File(), "--length", "3MiB");

        Assert.Equal(0, result.Code);
        Assert.Equal(($"{3 << 20}", Folder.File()), (result.Fact("length"), result.Fact("path")));
        Assert.Equal(new byte[3 << 20], File.ReadAllBytes(Folder.File()));
        Assert.Equal(0, (await ToolRun.RunAsync("inspect", Folder.File())).Code);
    }

    [Fact]
    public async Task What_exists_is_3_and_stays()
    {
        File.WriteAllText(Folder.File(), "precious");

        ToolResult result = await ToolRun.RunAsync("create", Folder.File(), "--length", "4K");

        Assert.Equal(3, result.Code);
        Assert.Contains("(EEXIST)", result.ErrorLine, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(Folder.File()));
    }

    [Theory]
    [InlineData("--length", "0")]
    [InlineData("--length", "much")]
    [InlineData("--length", "-5")]
    [InlineData("--length", "9EiB")]
    [InlineData("--length")]
    [InlineData]
    public async Task A_length_that_is_none_is_2_and_makes_nothing(params string[] length)
    {
        ToolResult result = await ToolRun.RunAsync(["create", Folder.File(), .. length]);

        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.Contains("--length", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Folder.File()));
    }

    [Theory]
    [InlineData("8EiB", 2)]
    [InlineData("7EiB", 3)]
    public async Task A_length_that_no_disk_has_leaves_nothing_behind(string length, int code)
    {
        ToolResult result = await ToolRun.RunAsync("create", Folder.File(), "--length", length);

        Assert.Equal(code, result.Code);
        Assert.StartsWith("directmap: ", result.ErrorLine, StringComparison.Ordinal);
        Assert.False(File.Exists(Folder.File()));
    }

    [Fact]
    public async Task A_full_disk_is_3_and_leaves_nothing_behind()
    {
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(Folder, kibibytes: 1024);

        ToolResult result = await ToolRun.RunAsync("create", Path.Combine(tiny.Path, "big"), "--length", "2M");

        Assert.Equal(3, result.Code);
        Assert.Contains("(ENOSPC)", result.ErrorLine, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(tiny.Path));
    }

    [Fact]
    public async Task A_folder_that_does_not_exist_is_3() =>
        Assert.Contains(
            "(ENOENT)",
            (await ToolRun.RunAsync("create", Folder.File("no/such/file"), "--length", "1")).ErrorLine,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(ToolProcess.SIGINT, 130)]
    [InlineData(ToolProcess.SIGTERM, 143)]
    [InlineData(ToolProcess.SIGHUP, 129)]
    [InlineData(ToolProcess.SIGQUIT, 131)]
    public async Task Ctrl_C_leaves_nothing_behind(int signal, int code)
    {
        ToolResult result = await ToolProcess.InterruptAsync(
            process => ToolProcess.HasOpenIn(process, Folder.Path), signal, "create", Folder.File(), "--length", "16GiB");

        Assert.Equal(code, result.Code);
        Assert.Contains("interrupted: ", result.ErrorLine, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Folder.Path));
    }

    [Fact]
    public async Task On_a_terminal_there_is_a_bar()
    {
        ToolResult result = await ToolRun.OnTerminalAsync(80, hasColor: true, "create", Folder.File(), "--length", "64M");

        Assert.Equal(0, result.Code);
        Assert.Contains("━━━", result.Output, StringComparison.Ordinal);
        Assert.Contains("✓ Can be mapped for writing", result.Seen, StringComparison.Ordinal);
    }
}
