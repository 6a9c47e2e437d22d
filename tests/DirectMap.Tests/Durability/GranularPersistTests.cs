using DirectMap.Durability;
using DirectMap.Inodes;
using DirectMap.Mapping;
using DirectMap.Stores;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Durability;

/// <summary>Persist, Flush, Drain, DeepFlush and PersistAsync in each granularity.</summary>
public sealed class GranularPersistTests : LossTest
{
    private const int PageCount = 16;
    private const PersistGranularity Byte = PersistGranularity.Byte;
    private const PersistGranularity CacheLine = PersistGranularity.CacheLine;
    private const PersistGranularity Page = PersistGranularity.Page;

    /// <summary>What makes a range durable, each way.</summary>
    private static readonly Action<MappedRegion, long, long>[] s_ways =
    [
        (region, offset, length) => region.Persist(offset, length),
        (region, offset, length) => region.WriteBack(offset, length),
        (region, offset, length) => region.DeepFlush(offset, length),
        (region, offset, length) => region.PersistAsync(offset, length).GetAwaiter().GetResult(),
    ];

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void A_range_lies_within_the_region_or_is_refused(PersistGranularity granularity)
    {
        using DirectFile file = Create((PageCount * PageSize) - 100);
        using MappedRegion region = file.Map(With(granularity));
        foreach (Action<MappedRegion, long, long> way in s_ways)
        {
            foreach ((long offset, long length) in new (long, long)[]
            {
                (0, 0), (region.Length, 0), (0, region.Length), (region.Length - 1, 1), (PageSize - 1, 2), (63, 1), (64, 64)
            })
            {
                way(region, offset, length);
            }

            foreach ((long offset, long length) in new[]
            {
                (-1, 1), (0, -1), (-1, 0), (1, region.Length), (region.Length, 1), (region.Length + 1, 0), (1, long.MaxValue),
                (long.MaxValue, 1), (long.MaxValue, long.MaxValue), (long.MinValue, 0), (0, long.MinValue)
            })
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => way(region, offset, length));
            }
        }

        region.Persist();
        region.Drain();
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Nothing_changes_the_content(PersistGranularity granularity)
    {
        using MappedRegion region = MapPattern(With(granularity), PageCount, out DirectFile file);
        foreach (Action<MappedRegion, long, long> way in s_ways)
        {
            way(region, 0, region.Length);
            way(region, 77, 12_345);
        }

        region.Drain();
        Assert.Equal(Pattern(file.Length), File.ReadAllBytes(file.Path));
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void A_read_only_region_is_persisted_like_any_other(PersistGranularity granularity)
    {
        using MappedRegion region = MapPattern(With(granularity) with { Access = MappingAccess.Read }, PageCount, out _);

        Array.ForEach(s_ways, way => way(region, 0, region.Length));
        region.Drain();
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Of_a_disposed_region_nothing_is_persisted(PersistGranularity granularity)
    {
        MappedRegion region = MapPattern(With(granularity), PageCount, out _);
        region.Dispose();

        Array.ForEach(s_ways, way => Assert.Throws<ObjectDisposedException>(() => way(region, 0, 8)));
        Assert.Throws<ObjectDisposedException>(region.Persist);
        Assert.Throws<ObjectDisposedException>(region.Drain);
        Assert.Throws<ObjectDisposedException>(() => region.Persist(0, 0));
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Of_a_revoked_region_nothing_is_persisted(PersistGranularity granularity)
    {
        using MappedRegion region = MapPattern(With(granularity), PageCount, out _);
        region.Core.Mapping.Invalidate(MappingLife.Revoked);

        foreach (Action<MappedRegion, long, long> way in s_ways)
        {
            MappingFaultException fault = Assert.Throws<MappingFaultException>(() => way(region, 8, 16));
            Assert.Equal((FaultCause.Revoked, FaultAccess.Persist, new FileRange(8, 16)), (fault.Cause, fault.Access, fault.Range));
        }

        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(region.Drain).Cause);
    }

    [Theory]
    [InlineData(Byte, FaultReach.Page)]
    [InlineData(Byte, FaultReach.Region)]
    [InlineData(CacheLine, FaultReach.Page)]
    [InlineData(CacheLine, FaultReach.Region)]
    public void In_a_truncated_file_the_pages_that_are_gone_are_told_without_any_other_access(
        PersistGranularity granularity, FaultReach reach)
    {
        foreach (Action<MappedRegion, long, long> way in new[] { s_ways[0], s_ways[1], s_ways[3] })
        {
            File.Delete(Folder.File());
            using MappedRegion region = MapPattern(With(granularity) with { FaultReach = reach }, PageCount, out DirectFile file);
            SetLengthOutside(file.Path, (5 * PageSize) - 100);

            way(region, 0, 5 * PageSize); // The last page is still there, and its rest is nobody's.
            MappingFaultException fault = Assert.Throws<MappingFaultException>(() => way(region, (5 * PageSize) - 1, 2));

            Assert.Equal(
                (FaultCause.BeyondEndOfFile, FaultAccess.Persist, new FileRange((5 * PageSize) - 1, 2), Pages(5, 1)),
                (fault.Cause, fault.Access, fault.Range, fault.Lost!.Value));
            if (reach == FaultReach.Page)
            {
                way(region, 0, 5 * PageSize);
                region.Drain();
            }
            else
            {
                Assert.Equal(Pages(5, 1), Assert.Throws<MappingFaultException>(() => way(region, 0, 8)).Lost);
                Assert.Equal(Pages(5, 1), Assert.Throws<MappingFaultException>(region.Drain).Lost);
                Assert.Equal(RegionState.Faulted, region.State);
            }
        }
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    public void Of_a_long_range_every_page_is_looked_at(PersistGranularity granularity)
    {
        for (int kept = 1; kept < PageCount; kept += 3)
        {
            File.Delete(Folder.File());
            using MappedRegion region = MapPattern(With(granularity) with { FaultReach = FaultReach.Page }, PageCount, out DirectFile file);
            SetLengthOutside(file.Path, kept * PageSize);

            MappingFaultException fault = Assert.Throws<MappingFaultException>(region.Persist);

            Assert.Equal(kept * PageSize, fault.Lost!.Value.Offset);
            Assert.Equal([Pages(kept, PageCount - kept)], region.GetLostRanges());
        }
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void A_deep_flush_of_what_a_truncated_file_does_not_have_any_more_throws(PersistGranularity granularity)
    {
        using MappedRegion region = MapPattern(With(granularity) with { FaultReach = FaultReach.Page }, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, (5 * PageSize) - 100);

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => region.DeepFlush((5 * PageSize) - 108, 9)); // to the byte

        Assert.Equal((FaultCause.BeyondEndOfFile, FaultAccess.Persist), (fault.Cause, fault.Access));
        region.DeepFlush(0, (5 * PageSize) - 100);
    }

    [Theory]
    [InlineData(Byte, FaultReach.Page)]
    [InlineData(Byte, FaultReach.Region)]
    [InlineData(CacheLine, FaultReach.Page)]
    [InlineData(CacheLine, FaultReach.Region)]
    [InlineData(Page, FaultReach.Page)]
    [InlineData(Page, FaultReach.Region)]
    public void A_page_that_was_lost_before_is_not_persisted_though_the_file_has_grown_back(
        PersistGranularity granularity, FaultReach reach)
    {
        using MappedRegion region = MapPattern(
            MapOptions.Ordinary with { EmulatedGranularity = granularity, FaultReach = reach }, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 5 * PageSize);
        Lose(region, 6);
        SetLengthOutside(file.Path, PageCount * PageSize);

        Array.ForEach(
            s_ways,
            way => Assert.Equal(Pages(6, 1), Assert.Throws<MappingFaultException>(() => way(region, 0, PageCount * PageSize)).Lost));

        Assert.Empty(region.RestoreLostPages());
        Array.ForEach(s_ways, way => way(region, 0, PageCount * PageSize));
        region.Drain();
    }

    /// <summary>
    /// Whether a page is dirty says nothing of who wrote it back: the kernel may do that at any time. So the syncs are counted, and of a
    /// page that was synced the kernel is asked.
    /// </summary>
    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Only_pages_are_written_to_the_device_and_all_of_them_when_flushed_deeply(PersistGranularity granularity)
    {
        Requires.Have("device-fs", IsOnDevice, "needs a temp folder on a device: in memory pages are never written back");
        using DirectFile file = Create();
        using MappedRegion region = file.Map(With(granularity));
        SyncLedger syncs = InodeTable.Find(file.Id)!.Syncs;
        foreach (Action<MappedRegion> way in new Action<MappedRegion>[]
        {
            it => it.WriteBack(0, it.Length),
            it => it.Persist(),
            it => it.PersistAsync(0, it.Length).GetAwaiter().GetResult(),
            it => it.PersistFill(PageSize - 1, 2, 1),
            it => it.PersistCopy(PageSize - 1, [1, 2]),
            it => it.PersistMove(PageSize - 1, 5, 2),
            it => it.PersistFill(PageSize - 1, 2, 2, StoreFlags.NoDrain), // With NoDrain a page has nothing to leave out.
        })
        {
            AssertSyncs(granularity == Page, way);
        }

        foreach (Action<MappedRegion> store in new Action<MappedRegion>[]
        {
            it => it.PersistFill(PageSize - 1, 2, 1, StoreFlags.NoFlush),
            it => it.PersistCopy(PageSize - 1, [1, 2], StoreFlags.NoFlush),
            it => it.PersistMove(PageSize - 1, 5, 2, StoreFlags.NoFlush),
            it => it.Drain(),
        })
        {
            AssertSyncs(false, store);
            AssertSyncs(true, it => it.DeepFlush(PageSize - 1, 2));
        }

        void AssertSyncs(bool expected, Action<MappedRegion> action)
        {
            region.Write(PageSize - 1, (short)-1);
            long before = syncs.Begun;

            action(region);

            Assert.Equal(expected, syncs.Begun > before);
            Assert.True(!expected || ProcSelf.DirtyKibibytes(file.Path) == 0, "what was synced is dirty");
        }
    }

    [Theory]
    [InlineData(Byte)]
    [InlineData(CacheLine)]
    [InlineData(Page)]
    public void Nothing_is_allocated(PersistGranularity granularity)
    {
        using MappedRegion region = MapPattern(With(granularity), PageCount, out _);
        byte[] source = new byte[10_000];
        UseOnce();

        // What is made once for the process, at a way that is seldom taken, may fall into one of the rounds.
        Assert.Contains(Enumerable.Range(0, 3), _ => AllocatedInRound() == 0);

        long AllocatedInRound()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                UseOnce();
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        void UseOnce()
        {
            region.Persist(8, 8);
            region.Persist(0, 65_536);
            region.WriteBack(8, 8);
            region.Drain();
            region.PersistCopy(8, source);
            region.PersistCopy(8, source.AsSpan(0, 8), StoreFlags.NonTemporal);
            region.PersistFill(9, 5000, 1, StoreFlags.Temporal);
            region.PersistMove(3, 10, 5000, StoreFlags.NoDrain);
        }
    }

    private static MapOptions With(PersistGranularity granularity) =>
        MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity };
}
