using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>Where nothing can be done about a file.</summary>
public sealed class RefusedTests(RealFileSystems fileSystems)
{
    [Theory]
    [InlineData("prepare")]
    [InlineData("bench")]
    public async Task Where_blocks_move_it_is_1_and_the_reason_and_the_file_stays_as_it_is(string command)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        string path = directory.File();
        File.WriteAllText(path, "precious");

        ToolResult result = await ToolRun.RunAsync(command, path);

        Assert.Equal((1, ""), (result.Code, result.Output));
        Assert.Contains("BlockMapMoves", result.ErrorLine, StringComparison.Ordinal);
        Assert.Equal("precious", File.ReadAllText(path));
    }
}
