using DirectMap.Inodes;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Inodes;

/// <summary>A failure to write back is the file's, and not that of whoever gets its inode number later.</summary>
public sealed class InodeNumberTests(RealFileSystems fileSystems)
{
    private const int EIO = 5;

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Ext4SmallInodes)]
    public void A_file_that_gets_the_number_of_a_deleted_one_does_not_get_its_failure(string name)
    {
        using TestDirectory folder = fileSystems.NewDirectory(name);
        FileId former = Fail(folder.File("former"));
        Assert.Equal(name == RealFileSystems.Ext4SmallInodes, former.BirthTimeNanoseconds == 0);
        File.Delete(folder.File("former"));

        for (int attempt = 0; attempt < 1000; attempt++)
        {
            string path = folder.File($"{attempt}");
            File.WriteAllBytes(path, new byte[4096]);
            using DirectFile file = DirectFile.Open(path);
            if (file.Id.Inode == former.Inode)
            {
                file.Flush();
                Assert.False(InodeTable.Find(file.Id)!.Syncs.HasFailed);
                return;
            }
        }

        Assert.Skip("the file system did not use the number again");
    }

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Ext4SmallInodes)]
    [InlineData(RealFileSystems.Xfs)]
    public void A_file_that_is_opened_again_still_has_its_failure(string name)
    {
        using TestDirectory folder = fileSystems.NewDirectory(name);
        FileId failed = Fail(folder.File("failed"));

        using DirectFile file = DirectFile.Open(folder.File("failed"));

        Assert.Equal(failed, file.Id);
        Assert.Equal(EIO, Assert.Throws<WritebackFailureException>(() => file.Flush()).Failure.Errno);
    }

    [Fact]
    public void A_file_that_has_no_name_when_it_is_closed_leaves_nothing_behind()
    {
        using TestDirectory folder = fileSystems.NewDirectory(RealFileSystems.Ext4);
        string path = folder.File();
        DirectFile file = DirectFile.Create(path, 4096);
        Inode inode = InodeTable.Find(file.Id)!;
        inode.EndSync(inode.Syncs.Begin(), EIO);
        File.Delete(path);

        file.Dispose();

        Assert.False(InodeTable.RemembersFailureOf(file.Id));
    }

    /// <summary>Makes a file whose sync fails, and closes it.</summary>
    private static FileId Fail(string path)
    {
        using DirectFile file = DirectFile.Create(path, 4096);
        Inode inode = InodeTable.Find(file.Id)!;
        inode.EndSync(inode.Syncs.Begin(), EIO); // What a sync does whom the kernel tells of it.
        return file.Id;
    }
}
