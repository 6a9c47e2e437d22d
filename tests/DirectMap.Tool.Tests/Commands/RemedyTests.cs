using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>The command that inspect names is typed into a shell, and helps.</summary>
public sealed class RemedyTests(RealFileSystems fileSystems)
{
    private const string NeedsQuotes = "it's a file";

    [Theory]
    [InlineData(RealFileSystems.Ext4, FileState.Hole)]
    [InlineData(RealFileSystems.Ext4, FileState.Unwritten)]
    [InlineData(RealFileSystems.Ext4Inline, FileState.Small)]
    [InlineData(RealFileSystems.Xfs, FileState.Shared)]
    [InlineData(RealFileSystems.Xfs, FileState.SharedInTheMiddle)]
    [InlineData(RealFileSystems.BtrfsNoCow, FileState.Shared)]
    [InlineData(RealFileSystems.Tmpfs, FileState.Hole)]
    public async Task A_file_can_be_mapped_after_the_command(string fileSystem, FileState state)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        string path = directory.File(NeedsQuotes);
        FileStates.Make(state, path);
        byte[] content = File.ReadAllBytes(path);

        await TypeCommandAsync(path, directory);

        Assert.Equal(0, (await ToolRun.RunAsync("inspect", path)).Code);
        Assert.Equal(content, File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Tmpfs)]
    public async Task An_empty_file_can_be_mapped_after_the_command(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        string path = directory.File();
        File.WriteAllBytes(path, []);

        await TypeCommandAsync(path, directory);

        Assert.Equal(0, (await ToolRun.RunAsync("inspect", path)).Code);
    }

    [Fact]
    public async Task Where_blocks_move_on_btrfs_the_command_makes_a_copy_that_can_be_mapped()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        string path = directory.File(NeedsQuotes);
        byte[] content = new byte[(3 << 20) + 5];
        new Random(1).NextBytes(content);
        File.WriteAllBytes(path, content);

        await TypeCommandAsync(path, directory);

        Assert.Equal(0, (await ToolRun.RunAsync("inspect", path + ".direct")).Code);
        Assert.Equal(content, File.ReadAllBytes(path + ".direct"));
    }

    private static async Task TypeCommandAsync(string path, TestDirectory directory)
    {
        ToolResult before = await ToolRun.RunAsync("inspect", path);
        Assert.Equal(1, before.Code);
        string bin = Directory.CreateDirectory(directory.File("bin")).FullName;
        File.CreateSymbolicLink(Path.Combine(bin, "directmap"), ToolProcess.Executable);

        ToolResult typed = await ToolProcess.RunAsync("bash", "-c", $"PATH={bin}:$PATH; {before.Fact("command")}");

        Assert.True(typed.Code == 0, typed.ToString());
    }
}
