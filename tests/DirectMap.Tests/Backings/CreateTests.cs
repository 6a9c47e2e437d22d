using System.Diagnostics;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Backings;

public abstract class CreateTests(FileBackingKind backing) : FileTest(backing)
{
    [Theory]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData((3 << 20) + 5)]
    public void A_created_file_has_its_length_zeros_and_only_written_extents(long length)
    {
        using DirectFile file = Create(length);

        Assert.Equal(length, file.Length);
        Assert.All(File.ReadAllBytes(file.Path), value => Assert.Equal(0, value));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated); // the strict policy judges its extents
        Assert.Equal(length, region.Length);
    }

    [Fact]
    public void A_file_that_exists_is_not_overwritten()
    {
        File.WriteAllText(Folder.File(), "precious");

        Assert.Throws<IOException>(() => Create());

        Assert.Equal("precious", File.ReadAllText(Folder.File()));
    }

    [Fact]
    public void A_full_device_leaves_nothing_behind()
    {
        using TestDirectory directory = new();
        using Requires.TinyFileSystem tiny = Requires.TinyTmpfs(directory, kibibytes: 1024);
        string path = Path.Combine(tiny.Path, "too-big");

        IOException full = Assert.Throws<IOException>(() => DirectFile.Create(path, 2 << 20, Options));

        Assert.Equal(28, full.HResult);
        Assert.Contains("ENOSPC", full.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(tiny.Path));
        Assert.Equal(0, ProcSelf.DescriptorsOf(tiny.Path));
        DirectFile.Create(path, 512 << 10, Options).Dispose();
    }

    [Fact]
    public void A_directory_that_does_not_exist_is_said_so() =>
        Assert.Throws<DirectoryNotFoundException>(() => DirectFile.Create(Folder.File("no/such/file"), 4096, Options));

    [Fact]
    public async Task Nobody_sees_a_file_before_it_is_whole()
    {
        Task<DirectFile> creating = Task.Run(() => Create(256 << 20));
        Soon.Until(() => File.Exists(Folder.File()), "the file appears");
        long length = new FileInfo(Folder.File()).Length;
        using DirectFile other = Open();

        other.Write([7], (256 << 20) - 1); // no zeros come after it

        Assert.Equal(256 << 20, length);

        using DirectFile file = await creating.Within();
        byte[] read = new byte[1];
        file.Read(read, (256 << 20) - 1);
        Assert.Equal(7, read[0]);
    }

    [Fact]
    public void What_exists_is_refused_before_anything_is_written()
    {
        File.WriteAllText(Folder.File(), "mine");
        Directory.CreateDirectory(Folder.File("folder"));
        File.CreateSymbolicLink(Folder.File("dangling"), Folder.File("nothing"));

        foreach (string name in new[] { "file.pmem", "folder", "dangling" })
        {
            Assert.Equal(17, Assert.Throws<IOException>(() => Create(1 << 20, name)).HResult);
        }

        Assert.Equal("mine", File.ReadAllText(Folder.File()));
        Assert.Equal(3, Directory.GetFileSystemEntries(Folder.Path).Length);
    }

    [Fact]
    public void To_open_or_create_a_symbolic_link_that_leads_nowhere_makes_the_file_at_its_end()
    {
        Directory.CreateDirectory(Folder.File("folder"));
        File.CreateSymbolicLink(Folder.File("link"), "folder/other-link");
        File.CreateSymbolicLink(Folder.File("folder/other-link"), "target");

        using DirectFile file = DirectFile.OpenOrCreate(Folder.File("link"), 8192, Options);

        Assert.Equal((Folder.File("link"), 8192), (file.Path, file.Length));
        Assert.Equal(8192, new FileInfo(Folder.File("folder/target")).Length);
        Assert.NotNull(new FileInfo(Folder.File("link")).LinkTarget);
        using DirectFile again = DirectFile.OpenOrCreate(Folder.File("link"), 4096, Options);
        Assert.Equal(file.Id, again.Id);
        File.CreateSymbolicLink(Folder.File("astray"), Folder.File("no/such/folder"));
        Assert.Throws<DirectoryNotFoundException>(() => DirectFile.OpenOrCreate(Folder.File("astray"), 4096, Options));
    }

    [Fact]
    public void To_open_or_create_a_link_behind_a_folder_that_is_a_link_makes_the_file_where_the_system_looks_for_it()
    {
        Directory.CreateDirectory(Folder.File("there"));
        Directory.CreateDirectory(Folder.File("other/place"));
        File.CreateSymbolicLink(Folder.File("there/sub"), Folder.File("other/place"));
        File.CreateSymbolicLink(Folder.File("other/place/file"), "../target");

        using DirectFile file = DirectFile.OpenOrCreate(Folder.File("there/sub/file"), 8192, Options);

        Assert.Equal(8192, new FileInfo(Folder.File("other/target")).Length);
        Assert.False(File.Exists(Folder.File("there/target")));
        using DirectFile again = DirectFile.OpenOrCreate(Folder.File("there/sub/file"), 4096, Options);
        Assert.Equal(file.Id, again.Id);
    }

    [Fact]
    public void A_link_through_a_folder_that_is_not_there_leads_nowhere()
    {
        File.CreateSymbolicLink(Folder.File("link"), "no/../target");

        Assert.Throws<DirectoryNotFoundException>(() => DirectFile.OpenOrCreate(Folder.File("link"), 4096, Options));

        Assert.False(File.Exists(Folder.File("target")));
    }

    [Theory]
    [InlineData("there/")]
    [InlineData("there//")]
    [InlineData("sub/there/")]
    [InlineData("no/there/")]
    [InlineData("other/")] // a link to nothing
    public void A_link_to_a_folder_that_is_not_there_makes_no_file(string target)
    {
        Directory.CreateDirectory(Folder.File("sub"));
        File.CreateSymbolicLink(Folder.File("other"), "there");
        File.CreateSymbolicLink(Folder.File("link"), target);
        Exception? judge = Record.Exception(() => new FileStream(Folder.File("link"), FileMode.OpenOrCreate).Dispose());
        Assert.NotNull(judge);

        Exception? refused = Record.Exception(() => DirectFile.OpenOrCreate(Folder.File("link"), 4096, Options).Dispose());

        // FileStream looks for the folder of the link itself.
        Assert.Equal(target == "no/there/" ? typeof(DirectoryNotFoundException) : judge.GetType(), refused?.GetType());
        Assert.Equal(3, Directory.GetFileSystemEntries(Folder.Path).Length);
        Assert.Empty(Directory.GetFileSystemEntries(Folder.File("sub")));
    }

    [Fact]
    public void Where_the_name_cannot_be_made_durable_in_a_directory_that_may_not_be_read_nothing_is_left_behind()
    {
        NeedsLinuxBacking("it makes no name durable");
        Requires.Root();
        string folder = Directory.CreateDirectory(Folder.File("write-only")).FullName;
        File.SetUnixFileMode(Folder.Path, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(folder, (UnixFileMode)0x3DB); // 1733

        ChildProcess.Result result = ChildProcess.Run(CreationCases.CreateWhereNamesAreNotSynced, folder);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void On_hugetlbfs_a_creation_says_that_it_cannot()
    {
        NeedsLinuxBacking("it does not know the file system");
        using Requires.TinyFileSystem huge = Requires.Hugetlbfs(Folder);

        NotSupportedException refused = Assert.Throws<NotSupportedException>(
            () => DirectFile.Create(Path.Combine(huge.Path, "file"), 2 << 20, Options));

        Assert.Contains("hugetlbfs", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(huge.Path, "file"), refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(huge.Path));
    }

    [Fact]
    public void A_directory_that_may_be_written_and_not_read_is_enough()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "is about modes");
        string folder = Directory.CreateDirectory(Folder.File("write-only")).FullName;
        File.SetUnixFileMode(Folder.Path, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(folder, (UnixFileMode)(Environment.IsPrivilegedProcess ? 0x3DB : 0xDB)); // 1733, 0333
        if (Environment.IsPrivilegedProcess)
        {
            ChildProcess.Result result = ChildProcess.Run(PermissionCases.CreateAsAnotherUser, folder, $"{Backing}");
            Assert.True(result.ExitCode == 0, result.ToString());
        }
        else
        {
            DirectFile.Create(Path.Combine(folder, "file"), 4096, Options).Dispose();
            DirectFile.OpenOrCreate(Path.Combine(folder, "other"), 4096, Options).Dispose();
        }

        File.SetUnixFileMode(folder, (UnixFileMode)0x1FF);
        Assert.Equal(["file", "other"], Directory.GetFiles(folder).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void A_process_that_is_killed_while_it_makes_a_file_leaves_nothing_behind()
    {
        NeedsLinuxBacking("WorkingFileTests have it");
        using Process creator = ChildProcess.Start(CreationCases.CreateUntilKilled, Folder.Path);
        Assert.Equal("begun", creator.StandardOutput.ReadLine());

        creator.Kill();
        creator.WaitForExit();

        Assert.Empty(Directory.GetFileSystemEntries(Folder.Path));
    }

    [Fact]
    public void Several_processes_that_open_or_create_the_same_file_lose_nothing()
    {
        NeedsLinuxBacking("on Unix two processes may both create it, if it is at the same instant");
        Process[] processes = [.. Enumerable.Range(0, 3)
            .Select(index => ChildProcess.Start(CreationCases.OpenOrCreateAndWrite, Folder.File(), $"{index}", Backing.ToString()))];
        foreach (Process process in processes)
        {
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, process.StandardError.ReadToEnd());
            process.Dispose();
        }

        byte[] content = File.ReadAllBytes(Folder.File());
        Assert.Equal((CreationCases.Length, "abc"), (content.Length, System.Text.Encoding.ASCII.GetString(content[^3..])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    public void A_length_of_less_than_one_byte_is_refused_and_creates_nothing(long length)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Create(length));
        Assert.False(File.Exists(Folder.File()));
    }

    [Fact]
    public void A_length_that_no_file_system_has_leaves_nothing_behind()
    {
        Assert.ThrowsAny<IOException>(() => Create(long.MaxValue));
        Assert.False(File.Exists(Folder.File()));
        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
    }

    [Fact]
    public async Task Creating_tells_after_each_MiB_how_much_is_written()
    {
        Told told = new();

        using DirectFile file = await DirectFile.CreateAsync(Folder.File(), (2 << 20) + 5, Options, told);

        Assert.Equal([1 << 20, 2 << 20, (2 << 20) + 5], told.Values);
        Assert.Equal((2 << 20) + 5, file.Length);
        file.Map(MapOptions.DirectOrEmulated).Dispose();
    }

    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public async Task A_creation_that_is_cancelled_leaves_nothing_behind(FileBackingKind backing)
    {
        using CancellationTokenSource cancellation = new();
        Told told = new() { OnReport = _ => cancellation.Cancel() };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            DirectFile.CreateAsync(Folder.File(), 64 << 20, Options with { Backing = backing }, told, cancellation.Token));

        Assert.Equal([1 << 20], told.Values);
        Assert.Empty(Directory.GetFileSystemEntries(Folder.Path));
        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
    }

    [Fact]
    public async Task What_the_progress_of_a_creation_throws_ends_it_and_leaves_nothing_behind()
    {
        Told told = new()
        {
            OnReport = _ =>
            {
                using DirectFile self = Open(); // it has no name yet
            },
        };

        await Assert.ThrowsAsync<FileNotFoundException>(() => DirectFile.CreateAsync(Folder.File(), 4096, Options, told).Within());

        Assert.Empty(Directory.GetFileSystemEntries(Folder.Path));
    }

    [Fact]
    public async Task Creating_asynchronously_refuses_what_creating_refuses()
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => DirectFile.CreateAsync(Folder.File(), 0, Options));
        File.WriteAllText(Folder.File(), "precious");
        await Assert.ThrowsAsync<IOException>(() => DirectFile.CreateAsync(Folder.File(), 4096, Options));
        Assert.Equal("precious", File.ReadAllText(Folder.File()));
    }

    private sealed class Told : IProgress<long>
    {
        internal List<long> Values { get; } = [];

        internal Action<long>? OnReport { get; init; }

        public void Report(long value)
        {
            Values.Add(value);
            OnReport?.Invoke(value);
        }
    }

    [Fact]
    public void Bad_arguments_are_refused()
    {
        Assert.Throws<ArgumentNullException>(() => DirectFile.Create(null!, 1));
        Assert.Throws<ArgumentException>(() => DirectFile.Create("", 1));
        Assert.Throws<ArgumentException>(() => DirectFile.Create(Folder.File(), 1, Options with { Access = FileAccess.Read }));
        Assert.Throws<ArgumentException>(() => DirectFile.Create(Folder.File(), 1, Options with { Access = FileAccess.Write }));
        Assert.Throws<ArgumentException>(() => DirectFile.Create("a\0b", 1, Options));
    }
}
