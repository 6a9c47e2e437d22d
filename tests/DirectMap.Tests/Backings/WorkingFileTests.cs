using System.Diagnostics;
using System.Text;
using DirectMap.Backings;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Backings;

/// <summary>Files that are made under another name: on file systems that have none without a name, and as there.</summary>
public sealed class WorkingFileTests(RealFileSystems fileSystems) : FileTest
{
    private const int Length = 64 << 10;

    public static TheoryData<string> Ways => ["rename", "link"];

    [Theory]
    [InlineData(RealFileSystems.Fuse)]
    [InlineData(RealFileSystems.Vfat)]
    public void Who_is_killed_leaves_no_half_made_file_under_its_name_and_the_next_creation_removes_the_rest(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);

        KillAndCreate(directory, CreationCases.CreateUntilKilled, FileBackingKind.Linux);
    }

    [Fact]
    public void So_it_is_where_only_the_way_is_that_of_such_a_file_system() =>
        KillAndCreate(Folder, CreationCases.CreateUnderOtherNameUntilKilled, FileBackingKind.Portable);

    [Fact]
    public void So_it_is_with_the_portable_backing()
    {
        KillAndCreate(Folder, CreationCases.CreatePortablyUntilKilled, FileBackingKind.Portable);
        File.Delete(Folder.File("file"));
        Kill(Folder, CreationCases.CreatePortablyUntilKilled);

        CreateHere("another").Dispose(); // as the other backing makes it

        Assert.Equal(["another"], Names());
    }

    [Fact]
    public void What_is_being_made_is_not_taken_for_a_leftover()
    {
        bool wasThere = false;
        Told told = new(() =>
        {
            CreateHere("second").Dispose();
            DirectFile.Create(Folder.File("third"), Length, Options with { Backing = FileBackingKind.Portable }).Dispose();
            wasThere = Names().Length == 3;
        });

        using InodeReference made = CreateHere("first", told);

        Assert.True(wasThere);
        Assert.Equal(["first", "second", "third"], Names());
    }

    [Fact]
    public void So_it_is_where_FileShare_takes_no_locks()
    {
        ChildProcess.Result result = ChildProcess.RunWith(
            new Dictionary<string, string> { ["DOTNET_SYSTEM_IO_DISABLEFILELOCKING"] = "1" },
            CreationCases.CreatePortablyWhileOthersDo,
            Folder.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(3, Names().Length);
        Assert.Equal(4096, new FileInfo(Folder.File("file")).Length);
    }

    [Fact]
    public void What_is_being_made_may_be_opened_by_those_who_share_and_by_nobody_for_himself()
    {
        int opened = 0;
        Told told = new(() =>
        {
            string working = Folder.File(Assert.Single(Names()));
            new FileStream(working, FileMode.Open, FileAccess.Read, FileShare.ReadWrite).Dispose();
            Assert.Throws<IOException>(() => new FileStream(working, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
            opened++;
        });

        using InodeReference made = CreateHere("file", told);

        Assert.Equal(1, opened);
        new FileStream(Folder.File("file"), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public void What_only_looks_like_a_leftover_stays(FileBackingKind backing)
    {
        string[] strange = [".directmap-", ".directmap-notes", $".directmap-{Guid.NewGuid():N}.old"];
        Assert.All(strange, name => File.WriteAllText(Folder.File(name), ""));
        string link = $".directmap-{Guid.NewGuid():N}";
        File.CreateSymbolicLink(Folder.File(link), Folder.File(".directmap-notes"));

        (backing == FileBackingKind.Linux
            ? (IDisposable)CreateHere("file")
            : DirectFile.Create(Folder.File("file"), Length, Options with { Backing = backing })).Dispose();

        Assert.Equal(strange.Append("file").Append(link).Order(StringComparer.Ordinal), Names());
    }

    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public async Task Many_who_make_files_in_one_folder_take_nobodys_for_a_leftover(FileBackingKind backing)
    {
        const int Threads = 8;
        const int Files = 60;
        using Barrier barrier = new(Threads);
        Task[] makers = [.. Enumerable.Range(0, Threads).Select(thread => Task.Factory.StartNew(
            () =>
            {
                barrier.SignalAndWait();
                for (int file = 0; file < Files; file++)
                {
                    string name = $"{thread}-{file}";
                    (backing == FileBackingKind.Linux
                        ? (IDisposable)CreateHere(name)
                        : DirectFile.Create(Folder.File(name), 4096, Options with { Backing = backing })).Dispose();
                }
            },
            TaskCreationOptions.LongRunning))];

        await Task.WhenAll(makers).Within();

        Assert.Equal(Threads * Files, Names().Length);
    }

    [Fact]
    public async Task Of_many_who_make_the_same_file_one_does_and_nothing_is_left()
    {
        using Barrier barrier = new(8);
        Task<int>[] makers = [.. Enumerable.Range(0, 8).Select(_ => Task.Factory.StartNew(
            () =>
            {
                barrier.SignalAndWait();
                try
                {
                    using InodeReference made = CreateHere("file");
                    return 0;
                }
                catch (IOException exception)
                {
                    return exception.HResult;
                }
            },
            TaskCreationOptions.LongRunning))];

        int[] answers = await Task.WhenAll(makers).Within();

        Assert.Equal([0, 17, 17, 17, 17, 17, 17, 17], answers.Order());
        Assert.Equal(["file"], Names());
        Assert.Equal(Length, new FileInfo(Folder.File("file")).Length);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_file_gets_its_name_each_way_and_takes_nobody_elses(string way)
    {
        using SafeFileHandle folder = OpenFile.Open(Folder.Path, OpenFile.OpenFlags.O_RDONLY, Folder.Path);
        WorkingFile first = WorkingFile.Create(folder, Folder.Path, Folder.File());
        WorkingFile second = WorkingFile.Create(folder, Folder.Path, Folder.File());
        PositionedIO.TryWrite(first.File, "first"u8, 0, out _);

        Assert.Equal((0, Errno.EEXIST), (TryName(first), TryName(second)));

        second.Remove();
        first.File.Dispose();
        second.File.Dispose();
        Assert.Equal(["file.pmem"], Names());
        Assert.Equal("first", File.ReadAllText(Folder.File()));

        int TryName(WorkingFile file) => way == "rename" ? file.TryRename("file.pmem") : file.TryLink("file.pmem");
    }

    [Fact]
    public void Where_there_is_neither_way_a_refusal_says_so()
    {
        IOException refused = WorkingFile.NoWay(Errno.EPERM, Folder.File());

        Assert.Equal(Errno.EPERM, refused.HResult);
        Assert.Contains(Folder.File(), refused.Message, StringComparison.Ordinal);
        Assert.Contains("EPERM", refused.Message, StringComparison.Ordinal);
        Assert.Contains("DirectFile.Prepare", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_nobody_shares_nobody_opens_while_it_is_made()
    {
        int refusals = 0;
        Told told = new(() =>
        {
            string working = Folder.File(Assert.Single(Names()));
            Assert.Throws<IOException>(() => new FileStream(working, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            refusals++;
        });

        CreateHere("file", told, share: FileShare.None).Dispose();

        Assert.Equal(1, refusals);
        new FileStream(Folder.File("file"), FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
    }

    /// <summary>There is no room for the working file's name in a path.</summary>
    [Fact]
    public void A_file_is_made_so_in_a_folder_whose_path_is_nearly_as_long_as_paths_may_be()
    {
        const int LongestPath = 4095;
        StringBuilder path = new(Folder.Path);
        while (path.Length < LongestPath - 400)
        {
            path.Append('/').Append('d', 200);
        }

        path.Append('/').Append('e', LongestPath - 60 - path.Length); // and the test's own folder in it
        using TestDirectory folder = new(path.ToString());
        using SafeFileHandle handle = OpenFile.Open(folder.Path, OpenFile.OpenFlags.O_RDONLY, folder.Path);
        File.WriteAllText($"/proc/self/fd/{handle.DangerousGetHandle()}/.directmap-{Guid.NewGuid():N}", "left");

        CreateHere("f", folder: folder).Dispose();

        Assert.Equal(["f"], Names(folder));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData(RealFileSystems.Fuse, true)]
    [InlineData(RealFileSystems.Vfat, true)]
    public void A_file_that_was_made_so_is_as_any_other(string fileSystem, bool isReal)
    {
        using TestDirectory directory = isReal ? fileSystems.NewDirectory(fileSystem) : new TestDirectory();
        using (isReal ? null : CreateHere("file.pmem", folder: directory))
        using (DirectFile file = isReal
            ? DirectFile.Create(directory.File(), Length, Options)
            : DirectFile.Open(directory.File(), Options))
        {
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            region.Write(Length - 8, 7L);
            region.Persist();
            Assert.Contains(directory.File(), File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
            Assert.DoesNotContain(".directmap-", File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
            using FileStream alone = new(directory.File(), FileMode.Open, FileAccess.ReadWrite, FileShare.None); // No lock is left.
        }

        Assert.Equal(7, File.ReadAllBytes(directory.File())[^8]);
        Assert.Equal(["file.pmem"], Names(directory));
    }

    [Fact]
    public void A_creation_that_fails_leaves_nothing_behind()
    {
        Assert.Throws<InvalidOperationException>(() => CreateHere("file", new Told(() => throw new InvalidOperationException())));

        Assert.Empty(Names());
        Assert.Equal(0, ProcSelf.DescriptorsOf(Folder.Path));
    }

    private static void KillAndCreate(TestDirectory directory, Func<string[], int> creation, FileBackingKind next)
    {
        Kill(directory, creation);
        Assert.StartsWith(".directmap-", Assert.Single(Names(directory)), StringComparison.Ordinal);

        using DirectFile file = DirectFile.OpenOrCreate(directory.File("file"), Length, new DirectFileOptions { Backing = next });

        Assert.Equal(Length, file.Length);
        Assert.Equal(["file"], Names(directory));
    }

    private static void Kill(TestDirectory directory, Func<string[], int> creation)
    {
        using Process creator = ChildProcess.Start(creation, directory.Path);
        Assert.Equal("begun", creator.StandardOutput.ReadLine());
        creator.Kill();
        creator.WaitForExit();
    }

    private static string[] Names(TestDirectory directory) =>
        [.. Directory.GetFileSystemEntries(directory.Path).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    private string[] Names() => Names(Folder);

    private InodeReference CreateHere(
        string name, IProgress<long>? progress = null, TestDirectory? folder = null, FileShare? share = null)
    {
        folder ??= Folder;
        using SafeFileHandle handle = OpenFile.Open(folder.Path, OpenFile.OpenFlags.O_RDONLY, folder.Path);
        return LinuxCreation.CreateUnderOtherName(
            folder.File(name), Length, handle, new FileBinding(Coordinator, "the test"), share, new CreationWatch(progress, default));
    }

    private sealed class Told(Action action) : IProgress<long>
    {
        public void Report(long value) => action();
    }
}
