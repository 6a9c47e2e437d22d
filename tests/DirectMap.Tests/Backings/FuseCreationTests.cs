using System.Diagnostics;
using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Backings;

/// <summary>
/// Creation on FUSE, where a file gets its name by a hard link, and the kernel has an inode for each path: with locks and pages of its own.
/// </summary>
public sealed class FuseCreationTests(RealFileSystems fileSystems) : FileTest
{
    private const int Length = 64 << 10;

    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public void A_created_file_is_locked_for_those_who_open_it_by_its_name(FileBackingKind backing)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Fuse);
        DirectFileOptions alone = Options with { Backing = backing, Share = FileShare.None };
        foreach (Func<DirectFile> create in (Func<DirectFile>[])
        [
            () => DirectFile.Create(directory.File("created"), Length, alone),
            () => DirectFile.OpenOrCreate(directory.File("opened"), Length, alone)
        ])
        {
            string path;
            using (DirectFile file = create())
            {
                path = file.Path;
                Assert.Throws<IOException>(() => Stream(path, FileShare.ReadWrite));
                Assert.NotNull(RealFileSystems.Run("flock", "-n", "-s", path, "true"));
            }

            Stream(path, FileShare.None).Dispose();
        }

        Assert.Equal(2, Directory.GetFileSystemEntries(directory.Path).Length);
    }

    [Theory]
    [InlineData(FileBackingKind.Linux, null)]
    [InlineData(FileBackingKind.Linux, FileShare.ReadWrite)]
    [InlineData(FileBackingKind.Linux, FileShare.None)]
    [InlineData(FileBackingKind.Portable, null)]
    [InlineData(FileBackingKind.Portable, FileShare.Read)]
    public void What_is_stored_to_a_created_file_is_read_by_its_name(FileBackingKind backing, FileShare? share)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Fuse);
        string path = directory.File();
        using (DirectFile file = DirectFile.Create(path, Length, Options with { Backing = backing, Share = share }))
        using (MappedRegion region = file.Map(MapOptions.Ordinary))
        {
            using SafeFileHandle plain = PlainCalls.Open(path, PlainCalls.O_RDONLY); // It heeds no lock.
            byte[] read = new byte[2];
            RandomAccess.Read(plain, read.AsSpan(..1), 0); // So it is in the page cache of that inode.
            region.Write<byte>(0, 77);
            region.Persist();
            RandomAccess.Read(plain, read.AsSpan(1), 0);

            Assert.Equal([0, 77], read);
        }
    }

    [Fact]
    public void Of_processes_that_create_and_remove_a_file_that_nobody_shares_one_has_it_at_a_time()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Fuse);
        Process[] processes = [.. Enumerable.Range(0, 3).Select(_ => ChildProcess.Start(CreationCases.HoldAlone, directory.Path, "60"))];
        foreach (Process process in processes)
        {
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, output + process.StandardError.ReadToEnd());
            process.Dispose();
        }
    }

    /// <summary>Its lock is not seen there.</summary>
    [Theory]
    [InlineData(FileBackingKind.Linux)]
    [InlineData(FileBackingKind.Portable)]
    public async Task What_is_being_made_is_not_taken_for_a_leftover_through_another_mount(FileBackingKind backing)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Fuse);
        string second = Directory.CreateDirectory(Folder.File("second")).FullName;
        string? failure = RealFileSystems.Run("bindfs", directory.Path, second);
        Requires.Have(RealFileSystems.Fuse, failure is null, $"cannot mount: {failure}");
        try
        {
            DirectFileOptions options = Options with { Backing = backing };
            Told told = new(() => DirectFile.Create(Path.Combine(second, "other"), Length, options).Dispose());

            using DirectFile file = await DirectFile.CreateAsync(directory.File(), Length, options, told).Within();

            Assert.Equal(1, told.Times);
            Assert.Equal(Length, file.Length);
            Assert.Equal(2, Directory.GetFileSystemEntries(directory.Path).Length);
        }
        finally
        {
            Assert.Null(RealFileSystems.Run("umount", second));
        }
    }

    [Fact]
    public async Task Who_loses_what_he_makes_is_told_so()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Fuse);
        Told told = new(() => File.Delete(Assert.Single(Directory.GetFiles(directory.Path))));

        IOException lost = await Assert.ThrowsAsync<IOException>(
            () => DirectFile.CreateAsync(directory.File(), Length, Options, told).Within());

        Assert.Equal(2, lost.HResult);
        Assert.Contains("somebody removes", lost.Message, StringComparison.Ordinal);
        Assert.Contains(directory.File(), lost.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(directory.Path));
    }

    private static FileStream Stream(string path, FileShare share) => new(path, FileMode.Open, FileAccess.ReadWrite, share);

    private sealed class Told(Action action) : IProgress<long>
    {
        internal int Times { get; private set; }

        public void Report(long value)
        {
            Times++;
            action();
        }
    }
}
