using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Files;

/// <summary>XFS works in windows that are wider than a block: the copies that it reserves, the hint for the size of extents.</summary>
public sealed class XfsWindowTests(RealFileSystems fileSystems) : FileTest
{
    private const int Size = 64 << 10;

    private static readonly BreakOptions s_nonBlocking = new() { WhenUnavailable = WhenUnavailable.Refuse };

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void XFS_reserves_copies_for_the_neighbours_of_a_shared_block_and_a_direct_mapping_meets_none(
        bool prepare, bool narrowWindowLater)
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        MakeWithOneSharedBlock(directory.File(), directory.File("other"));
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        if (prepare)
        {
            Assert.Equal(4096, file.Prepare().Unshared);
        }
        else
        {
            file.Write(new byte[4096], 65536);
            file.Flush();
        }

        if (narrowWindowLater)
        {
            Assert.Null(RealFileSystems.Run("xfs_io", "-c", "cowextsize 4k", file.Path));
        }

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        List<Extent> before = [.. file.GetExtents()];
        for (int block = 0; block < 64; block++)
        {
            region.Write(block * 4096, 1L);
            region.Persist(block * 4096, 8);
        }

        Assert.Equal(before, file.GetExtents());
    }

    [Fact]
    public void Where_XFS_may_have_reserved_copies_beside_what_is_still_shared_the_neighbours_are_refused()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        MakeWithOneSharedBlock(directory.File(), directory.File("other"));
        using (DirectFile other = DirectFile.Open(directory.File("other"), Options))
        using (DirectFile file = DirectFile.Open(directory.File(), Options))
        {
            other.CloneFrom(file, 196608, 4096, 4096); // one more, in another window
        }

        MapOptions neighbour = MapOptions.DirectOrEmulated with { Range = new FileRange(81920, 4096) };
        using DirectFile opened = DirectFile.Open(directory.File(), Options);
        opened.Map(neighbour).Dispose();
        opened.Write(new byte[4096], 65536);
        opened.Flush();

        Assert.Equal(RefusalReason.SharedExtent, Assert.Throws<MapRefusedException>(() => opened.Map(neighbour)).Reason);

        opened.Prepare();
        opened.Map(neighbour).Dispose();
    }

    [Fact]
    public void To_ask_whether_a_file_can_be_mapped_leaves_the_copies_that_XFS_reserved()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        MakeWithOneSharedBlock(directory.File(), directory.File("other"));
        using DirectFile file = DirectFile.Open(directory.File(), Options);
        file.Write(new byte[4096], 65536);
        file.Flush();
        string reserved = Sectors(file.Path);

        file.Probe(MapOptions.DirectOrEmulated).ThrowIfRefused();
        Assert.Equal(reserved, Sectors(file.Path));

        file.Map(MapOptions.DirectOrEmulated).Dispose();
        Assert.NotEqual(reserved, Sectors(file.Path));

        static string Sectors(string path)
        {
            Assert.Null(RealFileSystems.Run(out string sectors, "stat", "-c", "%b", path));
            return sectors;
        }
    }

    [Fact]
    public void A_lease_on_a_range_of_XFS_is_broken_by_a_write_to_the_window_in_which_it_would_reserve_copies()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        using DirectFile holder = DirectFile.Create(directory.File(), 512 << 10, Options);
        using DirectFile other = DirectFile.Open(directory.File(), Options);
        using ILayoutLease lease = holder.AcquireLease(new LeaseOptions { Range = new FileRange(81920, 4096) });
        Assert.Equal(new FileRange(0, 128 << 10), lease.Range);

        other.Write([1], 128 << 10, s_nonBlocking);
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 65536, s_nonBlocking));
    }

    /// <summary>256 KiB, written block by block so that memory holds it in single pages; the block at 64 KiB is shared.</summary>
    private static void MakeWithOneSharedBlock(string path, string other)
    {
        using (FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            for (int i = 0; i < 64; i++)
            {
                stream.Write([.. Enumerable.Repeat((byte)(i + 1), 4096)]);
            }

            stream.Flush(flushToDisk: true);
        }

        Assert.Null(RealFileSystems.Run("xfs_io", "-f", "-c", $"reflink {path} 65536 0 4096", "-c", "fsync", other));
        File.WriteAllText("/proc/sys/vm/drop_caches", "1");
    }

    [Fact]
    public void To_map_a_part_of_a_sparse_file_on_XFS_fills_no_hole_and_changes_no_length()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        string path = directory.File();
        using (FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
        {
            stream.SetLength(64 << 20);
            for (int i = 0; i < 40; i++)
            {
                stream.Position = i << 20; // extents enough to be described outside the inode: the file occupies more than they add up to
                stream.Write(new byte[4096]);
            }

            stream.Flush(flushToDisk: true);
        }

        using DirectFile file = DirectFile.Open(path, Options);
        using DirectFile other = DirectFile.Open(path, Options);
        using ILayoutLease frozen = other.AcquireLease(
            new LeaseOptions { Mode = LeaseMode.Exclusive, Range = new FileRange(8 << 20, 8 << 20) });
        List<Extent> before = [.. file.GetExtents()];

        file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4096), LeaseCoverage = LeaseCoverage.MappedRange }).Dispose();
        file.Prepare(new PrepareOptions { Range = new FileRange(4096, 4096) });

        Assert.Equal(before.Where(extent => extent.Offset >= 1 << 20), file.GetExtents().Where(extent => extent.Offset >= 1 << 20));
        Assert.Equal(64 << 20, file.Length);
        Assert.Equal(LeaseState.Active, frozen.State);
    }

    [Fact]
    public void The_extent_size_hint_widens_the_window_on_XFS()
    {
        using TestDirectory directory = fileSystems.NewDirectory(RealFileSystems.Xfs);
        Assert.Null(RealFileSystems.Run("xfs_io", "-f", "-c", "extsize 1m", "-c", "pwrite -q 0 2m", "-c", "fsync", directory.File()));
        using DirectFile file = DirectFile.Open(directory.File(), Options);

        using ILayoutLease lease = file.AcquireLease(new LeaseOptions { Range = new FileRange(4096, 1) });

        Assert.Equal(new FileRange(0, 1 << 20), lease.Range);
    }
}
