using DirectMap.Tests.Children;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Layout;

namespace DirectMap.Tests.Backings;

public sealed class FullDiskTests(FilledFileSystems fileSystems) : FileTest, IClassFixture<FilledFileSystems>
{
    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    [InlineData(RealFileSystems.Tmpfs)]
    public void On_a_full_disk_it_fails_with_ENOSPC_and_contents_are_as_they_were(string fileSystem)
    {
        using TestDirectory directory = fileSystems.All.NewDirectory(fileSystem);
        PrepareTests.MakeSparse(directory.File(), 1L << 30);
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        file.Write(PrepareTests.Pattern(10_000), 500_000);

        Assert.Equal(28, Assert.Throws<IOException>(() => file.Prepare()).HResult);

        byte[] content = new byte[1 << 20];
        file.Read(content, 0);
        Assert.Equal(PrepareTests.Pattern(10_000), content[500_000..510_000]);
        Assert.Equal(1L << 30, file.Length);
        Assert.Empty(Coordinator.Snapshot(file.Id).Breakers);
        Assert.Equal(0, ProcSelf.MappingsOf(directory.Path));
    }

    [Fact]
    public void On_a_full_disk_shared_blocks_cannot_be_copied_and_that_is_ENOSPC()
    {
        using TestDirectory directory = fileSystems.All.NewDirectory(RealFileSystems.Xfs);
        byte[] content = PrepareTests.Pattern(8 << 20);
        File.WriteAllBytes(directory.File("source"), content);
        using DirectFile source = DirectFile.Open(directory.File("source"), Options);
        PrepareTests.MakeSparse(directory.File("clone"), 0);
        using DirectFile clone = DirectFile.Open(directory.File("clone"), Options);
        clone.CloneFrom(source);
        using DiskFill fill = new(directory.Path);

        Assert.Equal(28, Assert.Throws<IOException>(() => clone.Prepare()).HResult);

        Assert.Equal(content, File.ReadAllBytes(clone.Path));
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    [InlineData(RealFileSystems.Btrfs)]
    [InlineData(RealFileSystems.BtrfsNoCow)]
    [InlineData(RealFileSystems.Tmpfs)]
    public void A_store_that_is_judged_at_access_is_an_exception_on_a_full_disk_and_the_process_lives(string fileSystem)
    {
        using TestDirectory directory = fileSystems.All.NewDirectory(fileSystem);

        ChildProcess.Result result = ChildProcess.Run(FullDiskCases.StoreThroughJudgedMappings, directory.Path);

        Assert.True(result.ExitCode == 0, result.ToString());
    }
}
