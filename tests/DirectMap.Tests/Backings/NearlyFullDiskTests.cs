using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Backings;

/// <summary>
/// With so many free blocks and no more, a step in the middle is the one that finds none: for each number of them the whole thing is done,
/// or nothing is lost and nothing is left behind.
/// </summary>
public sealed class NearlyFullDiskTests(FilledFileSystems fileSystems) : FileTest, IClassFixture<FilledFileSystems>
{
    private const int ENOSPC = 28;
    private const int Size = 64 << 10;

    public static TheoryData<string> FileSystems =>
        [RealFileSystems.Ext4, RealFileSystems.Xfs, RealFileSystems.BtrfsNoCow, RealFileSystems.Tmpfs];

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Create_makes_the_whole_file_or_leaves_no_name_and_no_descriptor(string fileSystem) =>
        ForEachNumberOfFreeBlocks(fileSystem, everFails: true, directory =>
        {
            string path = directory.File("new");
            int descriptors = ProcSelf.DescriptorsOf(directory.Path);
            bool succeeded = Succeeds(() => DirectFile.Create(path, Size, Options).Dispose());
            Assert.Equal(succeeded, File.Exists(path));
            Assert.Equal(descriptors, ProcSelf.DescriptorsOf(directory.Path));
            if (succeeded)
            {
                Assert.Equal(new byte[Size], File.ReadAllBytes(path));
            }

            File.Delete(path);
            return succeeded;
        });

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void Prepare_prepares_the_whole_file_or_leaves_its_content(string fileSystem) =>
        OnAFile(fileSystem, file => file.Prepare(), (file, succeeded) =>
        {
            if (succeeded)
            {
                Assert.All(file.GetExtents(), extent => Assert.Equal(ExtentFlags.None, extent.Flags));
            }
        });

    [Theory]
    [MemberData(nameof(FileSystems))]
    public void A_write_that_finds_no_space_leaves_what_lies_elsewhere(string fileSystem) =>
        OnAFile(fileSystem, file => file.Write(new byte[32 << 10], 16 << 10), (_, _) => { });

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    public void An_insertion_takes_place_without_a_free_block_since_both_keep_some_back_for_their_extents(string fileSystem) =>
        OnAFile(
            fileSystem,
            file => file.InsertRange(4096, 4096),
            (file, succeeded) =>
            {
                Assert.True(succeeded);
                Assert.Equal(Size + 4096, file.Length);
                file.CollapseRange(4096, 4096);
            },
            everFails: false);

    /// <summary>The file has holes between four extents, and content in its first and its last page.</summary>
    private void OnAFile(string fileSystem, Action<DirectFile> change, Action<DirectFile, bool> check, bool everFails = true) =>
        ForEachNumberOfFreeBlocks(fileSystem, everFails, directory =>
        {
            string path = directory.File("sparse");
            byte[] expected = new byte[Size];
            "first"u8.CopyTo(expected);
            "last"u8.CopyTo(expected.AsSpan(Size - 4));
            using DirectFile file = DirectFile.Open(path, Options);
            bool succeeded = Succeeds(() => change(file));
            check(file, succeeded);
            Assert.Equal(expected, File.ReadAllBytes(path));
            Assert.Empty(Coordinator.Snapshot(file.Id).Breakers);
            Assert.Equal(0, ProcSelf.MappingsOf(directory.Path));
            return succeeded;
        });

    private void ForEachNumberOfFreeBlocks(string fileSystem, bool everFails, Func<TestDirectory, bool> tryIt)
    {
        using TestDirectory directory = fileSystems.All.NewDirectory(fileSystem);
        int failures = 0;
        bool succeeded = false;
        for (int free = 0; !succeeded && free < 4000; free += free < 40 ? 1 : free / 4)
        {
            string slack = directory.File("slack");
            Soon.Until(() => TryMake(directory.File("sparse"), slack, (free * 4096) + 1), "the space of the last round is free again");

            using DiskFill fill = new(directory.Path);
            File.Delete(slack);
            succeeded = tryIt(directory);
            failures += succeeded ? 0 : 1;
        }

        Assert.True(succeeded, "it never succeeded");
        Assert.Equal(everFails, failures > 0);
    }

    private static bool TryMake(string sparse, string slack, int size)
    {
        try
        {
            MakeSparse(sparse);
            using FileStream durable = new(slack, FileMode.Create, FileAccess.ReadWrite);
            durable.Write(new byte[size]);
            durable.Flush(flushToDisk: true);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void MakeSparse(string path)
    {
        using FileStream stream = new(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        stream.SetLength(Size);
        foreach (int page in (int[])[0, 1, 4, 5, 8, 9, 14, 15])
        {
            stream.Position = page * 4096;
            stream.Write(new byte[4096]);
        }

        stream.Position = 0;
        stream.Write("first"u8);
        stream.Position = Size - 4;
        stream.Write("last"u8);
        stream.Flush(flushToDisk: true);
    }

    private static bool Succeeds(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (IOException failure)
        {
            Assert.Equal(ENOSPC, failure.HResult);
            return false;
        }
    }
}
