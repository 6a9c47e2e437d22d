using System.Text.Json;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>The tool as somebody who does not own the file.</summary>
public sealed class PermissionTests : ToolTest
{
    [Fact]
    public async Task A_file_of_somebody_else_is_shown_with_what_is_not_permitted()
    {
        string path = TestFile.Written(Folder);

        ToolResult result = await AsNobodyAsync("inspect", "--json", path);

        Assert.Equal((1, ""), (result.Code, result.Error));
        JsonElement json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(TestFile.Length, json.GetProperty("extents").GetProperty("written").GetInt64());
        foreach (string access in (string[])["reading", "writing"])
        {
            JsonElement verdict = json.GetProperty("verdicts").GetProperty("directOrEmulated").GetProperty(access);
            Assert.Equal(
                ("notPermitted", "EACCES"), (verdict.GetProperty("result").GetString(), verdict.GetProperty("reason").GetString()));
        }

        Assert.Contains(
            "must own the file",
            json.GetProperty("verdicts").GetProperty("directOrEmulated").GetProperty("reading").GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_may_not_be_read_is_3()
    {
        string path = TestFile.Written(Folder);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        ToolResult result = await AsNobodyAsync("inspect", path);

        Assert.Equal((3, ""), (result.Code, result.Output));
        Assert.Contains("(EACCES)", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_not_be_written_is_neither_prepared_nor_measured_nor_created()
    {
        string path = TestFile.Hole(Folder);

        foreach (string[] args in (string[][])[["prepare", path], ["bench", path], ["create", Folder.File("new"), "--length", "4K"]])
        {
            ToolResult result = await AsNobodyAsync(args);
            Assert.Equal((3, ""), (result.Code, result.Output));
            Assert.Contains("(EACCES)", result.ErrorLine, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(Folder.File("new")));
    }

    [Fact]
    public async Task Who_may_write_but_not_have_the_lease_can_prepare_but_neither_map_nor_measure()
    {
        string path = TestFile.Hole(Folder);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.OtherRead | UnixFileMode.OtherWrite);

        ToolResult prepared = await AsNobodyAsync("prepare", path);
        ToolResult inspected = await AsNobodyAsync("inspect", path);
        ToolResult measured = await AsNobodyAsync("bench", path);

        Assert.Equal((0, 1, 1), (prepared.Code, inspected.Code, measured.Code));
        Assert.StartsWith("not permitted for writing", prepared.Fact("verdict"), StringComparison.Ordinal);
        Assert.Contains($"'{path}' not permitted for writing", measured.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_immutable_file_is_shown_with_the_command_that_helps()
    {
        Requires.Root();
        string path = TestFile.Written(Folder);
        string? failure = RealFileSystems.Run("chattr", "+i", path);
        Requires.Have("chattr", failure is null, $"needs chattr +i: {failure}");
        try
        {
            ToolResult result = await ToolRun.RunAsync("inspect", path);

            Assert.Equal(1, result.Code);
            Assert.Equal("immutable", result.Fact("attributes"));
            Assert.StartsWith("notPermitted, EPERM", result.Fact("directOrEmulated for writing"), StringComparison.Ordinal);
            Assert.Equal($"chattr -i {path}", result.Fact("command"));
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("chattr", "-i", path));
        }
    }

    private async Task<ToolResult> AsNobodyAsync(params string[] args)
    {
        Requires.Root();
        using TestDirectory directory = new();
        string tool = ToolProcess.CopyTo(directory);
        File.SetUnixFileMode(Folder.Path, File.GetUnixFileMode(Folder.Path) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return await ToolProcess.RunAsync("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", tool, .. args]);
    }
}
