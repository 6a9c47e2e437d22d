using DirectMap.Layout;
using DirectMap.Linux;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Faults;

/// <summary>Regions that lose so many pages that getting them back takes its time, or that they are lost as a whole.</summary>
public sealed class LargeLossTests : LossTest
{
    private const int ManyPages = (512 << 20) / 4096;

    private static readonly MapOptions s_pages = MapOptions.Ordinary with { FaultReach = FaultReach.Page };

    /// <summary>From so many runs of lost pages on whole regions are lost: an eighth of what the kernel lets a process map.</summary>
    private static int Limit => (int)(ProcSys.ReadNumber("/proc/sys/vm/max_map_count", 65530) / 8);

    [Fact]
    public void Neither_Dispose_nor_a_collection_waits_for_a_slow_restoration_which_then_says_that_the_region_was_disposed()
    {
        using DirectFile file = Sparse(ManyPages + 1, "slow");
        MappedRegion region = file.Map(s_pages);
        LoseAll(region, file, ManyPages);
        Exception? thrown = null;
        Exception? read = null;
        Thread restores = new(() => thrown = Record.Exception(() => region.RestoreLostPages())) { IsBackground = true };
        bool isReading = false;
        Thread reads = new(() =>
        {
            Volatile.Write(ref isReading, true);
            // Cut off, and not met before: a fault while the others come back.
            read = Record.Exception(() => region.Read<byte>((long)ManyPages * PageSize));
        })
        { IsBackground = true };
        restores.Start();
        Soon.Until(() => HasData(file.Path), "the restoration has begun");
        reads.Start();
        Soon.Until(() => Volatile.Read(ref isReading), "the other thread reads");
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
        }

        bool hasWaited = !restores.IsAlive;
        region.Dispose();
        Assert.True(restores.Join(Soon.Patience) && reads.Join(Soon.Patience), "the restoration, or the read, never ended");

        Assert.False(hasWaited, "the collections waited for the restoration");
        Assert.True(read is MappingFaultException or ObjectDisposedException, $"{read}");
        Assert.IsType<ObjectDisposedException>(thrown); // Had Dispose waited, all would have come back.
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }

    [Fact]
    public void A_breaker_does_not_wait_for_a_slow_restoration_which_then_says_that_the_mapping_was_revoked()
    {
        DirectFileOptions options = Options with
        {
            Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(1) }),
            BlockMap = new EmulatedBlockMap((ManyPages + 1L) * PageSize),
        };
        using DirectFile file = Sparse(ManyPages + 1, "broken", options);
        using DirectFile other = DirectFile.Open(file.Path, options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultReach = FaultReach.Page });
        LoseAll(region, file, ManyPages);
        Exception? thrown = null;
        Thread restores = new(() => thrown = Record.Exception(() => region.RestoreLostPages())) { IsBackground = true };
        restores.Start();
        Soon.Until(() => HasData(file.Path), "the restoration has begun");

        other.Write([1], 0);
        Assert.True(restores.Join(Soon.Patience), "the restoration never ended");

        MappingFaultException fault = Assert.IsType<MappingFaultException>(thrown); // Had it waited, all would have come back.
        Assert.Equal((FaultCause.Revoked, FaultAccess.Restore), (fault.Cause, fault.Access));
    }

    [Fact]
    public void A_sparse_file_whose_region_was_lost_as_a_whole_is_not_allocated_as_a_whole_when_it_comes_back()
    {
        int islands = Limit + 64;
        int pages = 8 * islands;
        using DirectFile file = Sparse(pages, "sparse");
        using MappedRegion region = file.Map(s_pages);
        SetLengthOutside(file.Path, 0);
        Touch(region, islands, step: 2);
        Assert.Equal([Pages(0, pages)], region.GetLostRanges());
        SetLengthOutside(file.Path, (long)pages * PageSize);

        Assert.Empty(region.RestoreLostPages());

        Assert.Equal(0, region.Read<byte>((pages - 1) * PageSize));
        region.Write((long)(pages - 1) * PageSize, 1L);
        region.Persist();
        long allocated = file.GetExtents().Where(extent => !extent.Flags.HasFlag(ExtentFlags.Hole)).Sum(extent => extent.Length);
        Assert.True(
            allocated <= (2 * islands + 64L) * PageSize,
            $"{allocated} bytes of {pages * PageSize} are allocated, where {islands} pages had been met");
    }

    [Fact]
    public void What_a_disposed_region_had_lost_counts_no_more_though_somebody_still_refers_to_it()
    {
        int islands = Limit + 64;
        using DirectFile first = Sparse(2 * islands, "first");
        MappedRegion gone = first.Map(s_pages);
        SetLengthOutside(first.Path, 0);
        Touch(gone, Limit - 8, step: 2); // Just not enough to be lost as a whole, which would be one run.
        Assert.Equal(Limit - 8, gone.GetLostRanges().Count);
        gone.Dispose();
        using DirectFile second = Sparse(64, "second");
        using MappedRegion region = second.Map(s_pages);
        SetLengthOutside(second.Path, 0);

        Touch(region, 16, step: 2);

        Assert.Equal(Enumerable.Range(0, 16).Select(i => Pages(2 * i, 1)), region.GetLostRanges());
        GC.KeepAlive(gone);
    }

    [Fact]
    public void A_long_fill_stops_soon_after_its_first_lost_page()
    {
        const int PageCount = (64 << 20) / 4096;
        using DirectFile file = Sparse(PageCount, "filled");
        foreach (Action<MappedRegion> copy in (Action<MappedRegion>[])[
            region => region.Fill(0, (long)PageCount * PageSize, 1),
            region => region.CopyFrom(0, new byte[PageCount * PageSize]),
            region => region.CopyTo(0, new byte[PageCount * PageSize])
        ])
        {
            SetLengthOutside(file.Path, (long)PageCount * PageSize);
            using MappedRegion region = file.Map(s_pages);
            SetLengthOutside(file.Path, 0);

            Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => copy(region)).Cause);

            long lost = region.GetLostRanges().Sum(range => range.Length);
            Assert.InRange(lost, PageSize, 4 << 20);
        }
    }

    [Theory]
    [InlineData(PersistGranularity.Byte)]
    [InlineData(PersistGranularity.CacheLine)]
    [InlineData(PersistGranularity.Page)]
    public void A_long_persistent_store_stops_soon_after_its_first_lost_page(PersistGranularity granularity)
    {
        const int Length = 64 << 20;
        using DirectFile file = Sparse(Length / PageSize, "stored");
        foreach (Action<MappedRegion> store in (Action<MappedRegion>[])
        [
            region => region.PersistFill(0, Length, 1),
            region => region.PersistCopy(5, new byte[Length - 5]),
            region => region.PersistMove(5, 0, Length - 5),
            region => region.PersistMove(0, 5, Length - 5),
        ])
        {
            SetLengthOutside(file.Path, Length);
            using MappedRegion region = file.Map(s_pages with { EmulatedGranularity = granularity });
            SetLengthOutside(file.Path, 0);

            Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => store(region)).Cause);

            long lost = region.GetLostRanges().Sum(range => range.Length);
            Assert.InRange(lost, PageSize, 4 << 20);
        }
    }

    private DirectFile Sparse(int pages, string name, DirectFileOptions? options = null)
    {
        string path = Folder.File(name);
        using (FileStream made = File.Create(path))
        {
            made.SetLength((long)pages * PageSize);
        }

        return DirectFile.Open(path, options ?? Options);
    }

    /// <summary>Each page is met while the file is empty, and the file has its length again, without a block.</summary>
    private static void LoseAll(MappedRegion region, DirectFile file, int pages)
    {
        SetLengthOutside(file.Path, 0);
        Touch(region, pages, step: 1);
        Assert.Equal([Pages(0, pages)], region.GetLostRanges());
        SetLengthOutside(file.Path, (long)pages * PageSize);
    }

    /// <summary>Loads from pages, one exception for all.</summary>
    private static void Touch(MappedRegion region, int count, int step)
    {
        Assert.Throws<MappingFaultException>(() =>
        {
            using RegionScope scope = region.OpenScope(0, (int)region.Length);
            int sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += scope.ReadOnlySpan[i * step * PageSize];
            }

            GC.KeepAlive(sum);
            scope.Complete();
        });
    }

    private static bool HasData(string path)
    {
        using SafeFileHandle file = PlainCalls.Open(path, PlainCalls.O_RDONLY);
        return PlainCalls.HasData(file);
    }
}
