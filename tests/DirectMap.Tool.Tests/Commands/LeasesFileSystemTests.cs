using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Commands;

/// <summary>/proc/PID/maps and /proc/locks name other devices than stat does, on some file systems.</summary>
public sealed class LeasesFileSystemTests(RealFileSystems fileSystems)
{
    private static readonly string[] s_asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    public static TheoryData<string> FileSystems { get; } =
        [RealFileSystems.Ext4, RealFileSystems.Xfs, RealFileSystems.Btrfs, RealFileSystems.Tmpfs, RealFileSystems.Overlay];

    [Theory]
    [MemberData(nameof(FileSystems))]
    public async Task Holders_are_found_with_all_rights_and_without(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        string path = NewFile(directory.File("data"));
        using HolderProcess holder = new(path, "map shared", "flock", "become nobody");

        await FoundAsync(path, holder, asNobody: false);
        await FoundAsync(path, holder, asNobody: true);
    }

    [Fact]
    public async Task A_file_of_a_lower_layer_on_another_file_system_is_found()
    {
        using TestDirectory directory = new();
        using Requires.TinyFileSystem overlay = Requires.Overlay(directory, "data", new byte[8192]);
        string path = Path.Combine(overlay.Path, "data");
        using HolderProcess holder = new(path, "map read", "become nobody");

        foreach (bool asNobody in (bool[])[false, true])
        {
            ToolResult result = await LeasesAsync(path, asNobody);
            Assert.Equal("shared read, 8192 in 1", result.Fact($"process {holder.Id} mapped"));
        }
    }

    [Fact]
    public async Task A_file_of_the_same_number_in_another_subvolume_is_another_file()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        string one = NewSubvolume(directory.File("one"));
        string other = NewSubvolume(directory.File("other"));
        Assert.Equal(Inode(one), Inode(other));
        using HolderProcess holder = new(one, "map shared", "flock", "become nobody");

        foreach (bool asNobody in (bool[])[false, true])
        {
            await FoundAsync(one, holder, asNobody);
            ToolResult result = await LeasesAsync(other, asNobody);
            Assert.Equal("0", result.Fact("processes"));
            Assert.Equal($"possibly flock read, held by {holder.Id}", result.Fact("lock"));
        }
    }

    [Fact]
    public async Task A_record_lock_of_a_process_that_was_looked_into_and_has_another_file_is_not_shown()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        string one = NewSubvolume(directory.File("one"));
        string other = NewSubvolume(directory.File("other"));
        using HolderProcess holder = new(one, "record lock");
        Assert.Equal("0", holder.Answers[0]);

        ToolResult own = await LeasesAsync(one, asNobody: false);
        ToolResult elsewhere = await LeasesAsync(other, asNobody: false);
        ToolResult unseen = await LeasesAsync(other, asNobody: true);

        Assert.Equal($"record write, bytes 10 to 14, held by {holder.Id}", own.Fact("lock"));
        Assert.DoesNotContain(elsewhere.Lines, line => line.StartsWith("lock: ", StringComparison.Ordinal));
        Assert.Equal($"possibly record write, bytes 10 to 14, held by {holder.Id}", unseen.Fact("lock"));
    }

    [Fact]
    public async Task What_cannot_be_told_is_said_to_be_possible()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Btrfs);
        string path = NewFile(directory.File("data"));
        using HolderProcess holder = new(path, "open read", "map shared", "become nobody");
        File.Delete(path);
        string descriptor = $"/proc/{holder.Id}/fd/{holder.Answers[0]}";

        ToolResult root = await LeasesAsync(descriptor, asNobody: false);
        ToolResult nobody = await LeasesAsync(descriptor, asNobody: true);

        Assert.Equal("shared read-write, 1048576 in 1", root.Fact($"process {holder.Id} mapped"));
        Assert.Equal("possibly shared read-write, 1048576 in 1", nobody.Fact($"process {holder.Id} mapped"));
    }

    [Fact]
    public async Task A_bind_mount_is_the_same_file()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Ext4);
        string path = NewFile(directory.File("data"));
        string bound = directory.File("bound");
        File.WriteAllBytes(bound, []);
        using HolderProcess holder = new(path, "map shared", "flock", "become nobody");
        Assert.Null(RealFileSystems.Run("mount", "--bind", path, bound));
        try
        {
            await FoundAsync(bound, holder, asNobody: true);
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("umount", bound));
        }
    }

    private static async Task FoundAsync(string path, HolderProcess holder, bool asNobody)
    {
        ToolResult result = await LeasesAsync(path, asNobody);
        Assert.Equal((0, "1"), (result.Code, result.Fact("processes")));
        Assert.Equal("shared read-write, 1048576 in 1", result.Fact($"process {holder.Id} mapped"));
        Assert.StartsWith("read, descriptors ", result.Fact($"process {holder.Id} open"), StringComparison.Ordinal);
        Assert.Equal($"flock read, held by {holder.Id}", result.Fact("lock"));
    }

    private static async Task<ToolResult> LeasesAsync(string path, bool asNobody)
    {
        if (!asNobody)
        {
            return await ToolRun.RunAsync("leases", path);
        }

        using TestDirectory directory = new();
        string tool = ToolProcess.CopyTo(directory);
        return await ToolProcess.RunAsync(s_asNobody[0], [.. s_asNobody[1..], tool, "leases", path]);
    }

    private static string NewFile(string path)
    {
        File.WriteAllBytes(path, new byte[TestFile.Length]);
        for (DirectoryInfo? folder = Directory.GetParent(path); folder is { FullName: not "/" and not "/tmp" }; folder = folder.Parent)
        {
            File.SetUnixFileMode(
                folder.FullName, File.GetUnixFileMode(folder.FullName) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        return path;
    }

    private static string NewSubvolume(string path)
    {
        Assert.Null(RealFileSystems.Run("btrfs", "subvolume", "create", path));
        return NewFile(Path.Combine(path, "data"));
    }

    private static string Inode(string path)
    {
        Assert.Null(RealFileSystems.Run(out string inode, "stat", "-c", "%i", path));
        return inode;
    }
}
