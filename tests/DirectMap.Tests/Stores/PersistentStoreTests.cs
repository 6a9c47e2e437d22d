using DirectMap.Mapping;
using DirectMap.Stores;
using DirectMap.Tests.Children;
using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Stores;

/// <summary>PersistCopy, PersistFill and PersistMove, with whatever they store by.</summary>
public sealed class PersistentStoreTests : LossTest
{
    private const int PageCount = 16;

    /// <summary>Each kind of store, to where it is told, of so many bytes.</summary>
    private static readonly Action<MappedRegion, long, int, StoreFlags>[] s_stores =
    [
        (region, offset, length, flags) => region.PersistCopy(offset, new byte[length], flags),
        (region, offset, length, flags) => region.PersistFill(offset, length, 1, flags),
        (region, offset, length, flags) => region.PersistMove(offset, 0, length, flags),
    ];

    public static TheoryData<FileBackingKind, PersistGranularity> Mappings => new()
    {
        { FileBackingKind.Linux, PersistGranularity.Byte },
        { FileBackingKind.Linux, PersistGranularity.CacheLine },
        { FileBackingKind.Linux, PersistGranularity.Page },
        { FileBackingKind.Portable, PersistGranularity.Page },
    };

    [Theory]
    [MemberData(nameof(Mappings))]
    public void Every_store_puts_its_bytes_where_they_belong_and_nothing_else(FileBackingKind backing, PersistGranularity granularity)
    {
        using MappedRegion region = Map(backing, granularity, StoreModel.Length);
        StoreModel model = new(region);

        model.CheckEverything();
        model.CheckLargeMoves();
    }

    [Theory]
    [MemberData(nameof(Mappings))]
    public void What_is_copied_from_a_part_that_overlaps_arrives_as_it_was(FileBackingKind backing, PersistGranularity granularity)
    {
        using MappedRegion region = Map(backing, granularity, CopySweep.Overlapping);

        CopySweep.Overlap(region, CopySweep.PersistCopy);
    }

    /// <summary>Whatever is asked for, it is an access of no bytes, which also a file that was truncated has.</summary>
    [Theory]
    [MemberData(nameof(Mappings))]
    public void A_store_of_no_bytes_makes_nothing_durable(FileBackingKind backing, PersistGranularity granularity)
    {
        using MappedRegion region = Map(backing, granularity, PageCount * PageSize);
        SetLengthOutside(Folder.File(), PageSize);
        foreach (StoreFlags flags in (StoreFlags[])[StoreFlags.None, StoreFlags.NoDrain, StoreFlags.NoFlush, StoreFlags.NonTemporal])
        {
            Assert.All(s_stores, store => store(region, 8 * PageSize, 0, flags));
        }

        region.Dispose();
        Assert.All(s_stores, store => Assert.Throws<ObjectDisposedException>(() => store(region, 0, 0, StoreFlags.None)));
    }

    [Fact]
    public void Where_system_calls_copy_the_content_is_the_same() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(PersistCases.StoresWithoutTheLibrary, Folder.File()));

    [Fact]
    public void Where_system_calls_copy_a_lost_page_is_told_on_either_side() =>
        AssertExit0(ChildProcess.RunWithoutNativeLibrary(PersistCases.LostWithoutTheLibrary, Folder.File()));

    [Theory]
    [MemberData(nameof(Mappings))]
    public void Flags_that_contradict_each_other_or_are_not_known_are_refused_and_nothing_is_stored(
        FileBackingKind backing, PersistGranularity granularity)
    {
        using MappedRegion region = Map(backing, granularity, PageCount * PageSize);
        region.Write(0, -1L);
        region.Write(PageSize, 0x5555L);
        for (int bits = -1; bits < 64; bits++)
        {
            StoreFlags flags = (StoreFlags)bits;
            foreach (Action<MappedRegion, long, int, StoreFlags> store in s_stores)
            {
                Exception? refused = Record.Exception(() => store(region, PageSize, 8, flags));
                if (StoreModel.AllFlags.Contains(flags))
                {
                    Assert.Null(refused);
                }
                else if (bits is < 0 or > 15)
                {
                    Assert.Equal("flags", Assert.IsType<ArgumentOutOfRangeException>(refused).ParamName);
                }
                else
                {
                    Assert.Equal("flags", Assert.IsType<ArgumentException>(refused).ParamName);
                }

                if (refused is not null)
                {
                    Assert.Equal(0x5555, region.Read<long>(PageSize));
                }

                region.Write(PageSize, 0x5555L);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Mappings))]
    public void What_does_not_lie_within_the_region_is_refused(FileBackingKind backing, PersistGranularity granularity)
    {
        using MappedRegion region = Map(backing, granularity, PageCount * PageSize);
        foreach (Action<MappedRegion, long, int, StoreFlags> store in s_stores)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => store(region, -1, 1, StoreFlags.None));
            Assert.Throws<ArgumentOutOfRangeException>(() => store(region, region.Length - 7, 8, StoreFlags.None));
            Assert.Throws<ArgumentOutOfRangeException>(() => store(region, region.Length + 1, 0, StoreFlags.None));
            Assert.Throws<ArgumentOutOfRangeException>(() => store(region, long.MaxValue, 1, StoreFlags.None));
            store(region, region.Length, 0, StoreFlags.None);
            store(region, 0, 0, StoreFlags.None);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => region.PersistFill(0, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.PersistFill(1, long.MaxValue, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.PersistMove(0, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.PersistMove(0, region.Length - 7, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.PersistMove(0, 0, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.PersistMove(0, 1, long.MaxValue));
        Assert.All(File.ReadAllBytes(region.Path), value => Assert.Equal(0, value));
    }

    [Theory]
    [MemberData(nameof(Mappings))]
    public void The_source_may_be_another_part_of_the_region_itself(FileBackingKind backing, PersistGranularity granularity)
    {
        using MappedRegion region = Map(backing, granularity, PageCount * PageSize);
        byte[] data = Pattern(6000);
        region.CopyFrom(100, data);
        using (RegionScope scope = region.OpenScope(100, data.Length))
        {
            region.PersistCopy(20_001, scope.Span);
            region.PersistCopy(6100, scope.Span[..3000], StoreFlags.Temporal); // right behind
            scope.Complete();
        }

        byte[] file = File.ReadAllBytes(region.Path);
        Assert.Equal(data, file[20_001..26_001]);
        Assert.Equal(data[..3000], file[6100..9100]);
        Assert.Equal(data, file[100..6100]);
    }

    [Theory]
    [MemberData(nameof(Mappings))]
    public void A_read_only_region_takes_no_store(FileBackingKind backing, PersistGranularity granularity)
    {
        using MappedRegion region = Map(
            backing, granularity, PageCount * PageSize, MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });

        foreach (int length in (int[])[0, 8])
        {
            Array.ForEach(s_stores, store => Assert.Throws<NotSupportedException>(() => store(region, 0, length, StoreFlags.NoFlush)));
        }
    }

    [Theory]
    [MemberData(nameof(Mappings))]
    public void A_region_that_is_gone_takes_no_store(FileBackingKind backing, PersistGranularity granularity)
    {
        using (MappedRegion revoked = Map(backing, granularity, PageCount * PageSize))
        {
            revoked.Core.Mapping.Invalidate(MappingLife.Revoked);
            foreach (Action<MappedRegion, long, int, StoreFlags> store in s_stores)
            {
                MappingFaultException fault = Assert.Throws<MappingFaultException>(() => store(revoked, 16, 8, StoreFlags.NoFlush));
                Assert.Equal((FaultCause.Revoked, FaultAccess.Write, new FileRange(16, 8)), (fault.Cause, fault.Access, fault.Range));
            }
        }

        File.Delete(Folder.File());
        MappedRegion disposed = Map(backing, granularity, PageCount * PageSize);
        disposed.Dispose();
        Array.ForEach(s_stores, store => Assert.Throws<ObjectDisposedException>(() => store(disposed, 16, 8, StoreFlags.None)));
        Assert.All(File.ReadAllBytes(disposed.Path), value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(PersistGranularity.Byte, FaultReach.Page)]
    [InlineData(PersistGranularity.Byte, FaultReach.Region)]
    [InlineData(PersistGranularity.CacheLine, FaultReach.Page)]
    [InlineData(PersistGranularity.CacheLine, FaultReach.Region)]
    [InlineData(PersistGranularity.Page, FaultReach.Page)]
    [InlineData(PersistGranularity.Page, FaultReach.Region)]
    public void A_page_that_is_lost_is_told_whether_it_was_to_be_read_or_written(PersistGranularity granularity, FaultReach reach)
    {
        foreach (StoreFlags flags in StoreModel.AllFlags)
        {
            foreach (Action<MappedRegion, long, int, StoreFlags> store in s_stores)
            {
                using MappedRegion region = MapCut(out _);

                MappingFaultException fault = Assert.Throws<MappingFaultException>(() => store(region, (5 * PageSize) - 8, 16, flags));

                Assert.Equal(
                    (FaultCause.BeyondEndOfFile, FaultAccess.Write, new FileRange((5 * PageSize) - 8, 16), Pages(5, 1)),
                    (fault.Cause, fault.Access, fault.Range, fault.Lost!.Value));
                Assert.Equal([Pages(5, 1)], region.GetLostRanges());
            }

            using MappedRegion source = MapCut(out DirectFile file);
            MappingFaultException read = Assert.Throws<MappingFaultException>(() =>
                source.PersistMove(PageSize, (5 * PageSize) - 8, 16, flags));
            Assert.Equal((FaultCause.BeyondEndOfFile, Pages(5, 1)), (read.Cause, read.Lost!.Value));
            if (reach == FaultReach.Page)
            {
                Assert.Equal((FaultAccess.Read, new FileRange((5 * PageSize) - 8, 16)), (read.Access, read.Range));
                source.PersistMove(PageSize, 0, PageSize, flags);
                Assert.Equal(Pattern(PageSize), File.ReadAllBytes(file.Path)[PageSize..(2 * PageSize)]);
            }
        }

        MappedRegion MapCut(out DirectFile file)
        {
            File.Delete(Folder.File());
            MappedRegion region = MapPattern(
                MapOptions.DirectOrEmulated with { EmulatedGranularity = granularity, FaultReach = reach }, PageCount, out file);
            SetLengthOutside(file.Path, 5 * PageSize);
            return region;
        }
    }

    [Theory]
    [MemberData(nameof(Mappings))]
    public void With_the_check_at_access_a_store_is_judged_before_it_is_made(FileBackingKind backing, PersistGranularity granularity)
    {
        EmulatedBlockMap map = new(PageCount * PageSize);
        map.Set(new FileRange(2 * PageSize, PageSize), ExtentFlags.Hole);
        map.Set(new FileRange(4 * PageSize, PageSize), ExtentFlags.BadBlock);
        using MappedRegion region = Map(
            backing, granularity, PageCount * PageSize, MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess }, map);
        foreach (Action<MappedRegion, long, int, StoreFlags> store in s_stores)
        {
            MappingFaultException refused = Assert.Throws<MappingFaultException>(() =>
                store(region, (3 * PageSize) - 4, 8, StoreFlags.None));
            Assert.Equal((FaultCause.Refused, RefusalReason.Hole, FaultAccess.Write), (refused.Cause, refused.Refusal, refused.Access));
            store(region, 3 * PageSize, 8, StoreFlags.None);
        }

        MappingFaultException source = Assert.Throws<MappingFaultException>(() => region.PersistMove(8 * PageSize, (4 * PageSize) - 4, 8));
        Assert.Equal((FaultCause.Refused, RefusalReason.BadBlock, FaultAccess.Read), (source.Cause, source.Refusal, source.Access));
        byte[] file = File.ReadAllBytes(region.Path);
        Assert.All(file[(3 * PageSize - 4)..(3 * PageSize)], value => Assert.Equal(0, value));
    }

    private static void AssertExit0(ChildProcess.Result result) => Assert.True(result.ExitCode == 0, result.ToString());

    private MappedRegion Map(
        FileBackingKind backing, PersistGranularity granularity, long length, MapOptions? options = null, IBlockMap? map = null)
    {
        DirectFile file = DirectFile.Create(Folder.File(), length, Options with { Backing = backing, BlockMap = map });
        Keep(file);
        return file.Map((options ?? MapOptions.DirectOrEmulated) with { EmulatedGranularity = granularity });
    }
}
