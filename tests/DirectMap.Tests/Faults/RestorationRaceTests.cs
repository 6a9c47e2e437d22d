using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Faults;

/// <summary>Lost pages come back while others access the region, restore it too, or let it go.</summary>
public sealed class RestorationRaceTests : LossTest
{
    private const int PageCount = 16;

    private static readonly MapOptions s_ordinary = MapOptions.Ordinary;
    private static readonly MapOptions s_pages = MapOptions.Ordinary with { FaultReach = FaultReach.Page };

    [Fact]
    public void Threads_that_restore_at_the_same_time_all_return_when_it_is_done()
    {
        const int Threads = 4;
        using MappedRegion region = MapPattern(s_ordinary, PageCount, out DirectFile file);
        using Barrier together = new(Threads);
        for (int round = 0; round < 50; round++)
        {
            SetLengthOutside(file.Path, 4 * PageSize);
            Lose(region, 5);
            Lose(region, 9);
            SetLengthOutside(file.Path, PageCount * PageSize);
            int left = 0;
            int unreadable = 0;
            Thread[] threads = [.. Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                Interlocked.Add(ref left, region.RestoreLostPages().Count);
                try
                {
                    region.Read<long>(5 * PageSize);
                    region.Read<long>(0);
                }
                catch (MappingFaultException)
                {
                    Interlocked.Increment(ref unreadable);
                }
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());

            Assert.Equal((0, 0, RegionState.Active), (left, unreadable, region.State));
        }
    }

    [Fact]
    public void Accesses_during_restorations_throw_or_see_the_file_and_never_a_lost_page()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        bool end = false;
        long good = 0, faults = 0, wrong = 0;
        Thread[] readers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref end))
            {
                try
                {
                    // The first page is never cut off.
                    byte first = region.Read<byte>(0);
                    region.Read<byte>(5 * PageSize);
                    Interlocked.Add(ref wrong, first == 1 ? 0 : 1);
                    Interlocked.Increment(ref good);
                }
                catch (MappingFaultException fault) when (fault.Lost == Pages(5, 1))
                {
                    Interlocked.Increment(ref faults);
                }
            }
        }))];
        Array.ForEach(readers, thread => thread.Start());
        Soon.Until(() => Volatile.Read(ref good) > 0, "a reader sees the file");
        for (int round = 0; round < 200; round++)
        {
            SetLengthOutside(file.Path, 4 * PageSize);
            Soon.Until(() => round > 0 || Volatile.Read(ref faults) > 0, "a reader meets the lost page");
            SetLengthOutside(file.Path, PageCount * PageSize);
            region.RestoreLostPages(); // may tell of a page whose fault was on its way: the reader is told as well
        }

        end = true;
        Array.ForEach(readers, thread => thread.Join());

        Assert.Equal(0, wrong);
        region.RestoreLostPages();
        Assert.Empty(region.GetLostRanges());
    }

    [Fact]
    public async Task A_region_that_is_being_released_may_be_restored_and_stays_released()
    {
        using MappedRegion region = MapPattern(s_ordinary, PageCount, out DirectFile file);
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = region.OpenScope(0, 8);
            park();
        });
        Task<bool> release = region.ReleaseAsync();
        Soon.Until(() => region.State == RegionState.Releasing, "the release begins");
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        RegionState faulted = region.State;
        SetLengthOutside(file.Path, PageCount * PageSize);

        Assert.Empty(region.RestoreLostPages());

        Assert.Equal((RegionState.Faulted, RegionState.Releasing), (faulted, region.State));
        Assert.Equal(0, region.Read<byte>(5 * PageSize));
        Assert.Throws<ObjectDisposedException>(() => region.OpenScope(0, 8));
        Assert.Null(holder.Finish());
        Assert.True(await release.Within());
        Assert.Equal(RegionState.Disposed, region.State);
    }

    [Fact]
    public void A_region_that_is_disposed_while_it_is_judged_for_restoration_says_so()
    {
        Action? judging = null;
        Mock<IBlockMap> map = new();
        map.Setup(it => it.GetExtents(It.IsAny<FileRange>(), It.IsAny<Memory<Extent>>()))
            .Returns((FileRange range, Memory<Extent> extents) =>
            {
                judging?.Invoke();
                extents.Span[0] = new Extent(0, PageCount * PageSize, 0, ExtentFlags.None);
                return 1;
            });
        using DirectFile file = DirectFile.Create(Folder.File(), PageCount * PageSize, Options with { BlockMap = map.Object });
        MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(file.Path, PageCount * PageSize);
        judging = region.Dispose;

        Assert.Throws<ObjectDisposedException>(() => region.RestoreLostPages());

        Assert.Equal((RegionState.Disposed, 0), (region.State, ProcSelf.MappingsOf(Folder.Path)));
    }
}
