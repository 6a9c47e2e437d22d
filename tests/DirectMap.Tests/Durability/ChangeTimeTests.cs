using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

/// <summary>
/// Since Linux 6.13 the change that comes after somebody has asked for a file's times gets a time of its own, and the inode is dirty once
/// more; other changes share the clock's tick. Before 6.13 all do.
/// </summary>
public sealed class ChangeTimeTests(RealFileSystems fileSystems)
{
    private const int Attempts = 100;

    [Theory]
    [InlineData(RealFileSystems.Ext4)]
    [InlineData(RealFileSystems.Xfs)]
    public void A_persist_does_not_give_the_store_after_it_a_time_of_its_own(string fileSystem)
    {
        using TestDirectory directory = fileSystems.NewDirectory(fileSystem);
        using DirectFile file = DirectFile.Create(directory.File(), 64 << 10);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        int own = 0;
        for (int i = 0; i < Attempts; i++)
        {
            region.Persist(0, 8); // so that the store is a page fault
            region.Write(0, (long)i); // has its own time: the last attempt has asked for it
            region.Persist(0, 8);
            DateTime now = DateTime.UtcNow;

            region.Write(0, (long)i);

            // A tick may have come in between, but not each time.
            own += File.GetLastWriteTimeUtc(directory.File()) > now ? 1 : 0;
        }

        Assert.InRange(own, 0, Attempts / 20);
    }
}
