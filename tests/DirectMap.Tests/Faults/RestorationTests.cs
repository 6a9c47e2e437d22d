using DirectMap.Tests.Docs;
using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Faults;

/// <summary>How lost pages come back.</summary>
public sealed class RestorationTests : LossTest
{
    private const int PageCount = 16;

    private static readonly MapOptions s_ordinary = MapOptions.Ordinary;
    private static readonly MapOptions s_pages = MapOptions.Ordinary with { FaultReach = FaultReach.Page };

    [Fact]
    public void Where_nothing_is_lost_nothing_is_restored()
    {
        using MappedRegion region = MapPattern(s_ordinary, PageCount, out DirectFile file);

        Assert.Empty(region.GetLostRanges());
        Assert.Empty(region.RestoreLostPages());
        Assert.Equal((RegionState.Active, Pattern(1)[0]), (region.State, region.Read<byte>(0)));
    }

    [Fact]
    public void While_the_cause_is_there_nothing_comes_back()
    {
        using MappedRegion region = MapPattern(s_ordinary, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);

        Assert.Equal([Pages(5, 1)], region.RestoreLostPages());

        Assert.Equal(RegionState.Faulted, region.State);
        Assert.Equal(Pages(5, 1), Lose(region, 5).Lost);
    }

    [Fact]
    public void When_the_file_is_long_again_the_region_shows_what_it_has_and_stores_reach_it()
    {
        using MappedRegion region = MapPattern(s_ordinary, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        Assert.Throws<MappingFaultException>(() => region.Write(5 * PageSize, 99L)); // goes nowhere, for good
        SetLengthOutside(file.Path, PageCount * PageSize);

        Assert.Empty(region.RestoreLostPages());

        Assert.Equal((RegionState.Active, 0L), (region.State, region.Read<long>(5 * PageSize)));
        Assert.Empty(region.GetLostRanges());
        region.Write((5 * PageSize) + 8, 42L);
        region.Persist();
        byte[] content = File.ReadAllBytes(file.Path);
        Assert.Equal(Pattern(4 * PageSize), content[..(4 * PageSize)]);
        Assert.Equal((0L, 42L), (BitConverter.ToInt64(content, 5 * PageSize), BitConverter.ToInt64(content, (5 * PageSize) + 8)));
    }

    [Fact]
    public void A_file_that_is_half_as_long_again_gives_back_half_and_the_rest_is_told()
    {
        foreach (FaultReach reach in Enum.GetValues<FaultReach>())
        {
            File.Delete(Folder.File());
            using MappedRegion region = MapPattern(s_ordinary with { FaultReach = reach }, PageCount, out DirectFile file);
            SetLengthOutside(file.Path, 2 * PageSize);
            foreach (int page in (int[])[3, 6, 7, 8, 9, 12])
            {
                Lose(region, page);
            }

            SetLengthOutside(file.Path, 8 * PageSize);

            Assert.Equal([Pages(8, 2), Pages(12, 1)], region.RestoreLostPages());

            Assert.Equal([Pages(8, 2), Pages(12, 1)], region.GetLostRanges());
            Assert.Equal(Pages(12, 1), Lose(region, 12).Lost);
            if (reach == FaultReach.Page)
            {
                region.Write(6 * PageSize, 6L);
                Assert.Equal(6L, region.Read<long>(6 * PageSize));
            }
            else
            {
                // What is told of an access beside them is a page that is still lost, not one that is not.
                MappingFaultException beside = Assert.Throws<MappingFaultException>(() => region.Read<long>(0));
                Assert.Equal(
                    (FaultCause.BeyondEndOfFile, Pages(8, 1), RegionState.Faulted), (beside.Cause, beside.Lost!.Value, region.State));
            }

            SetLengthOutside(file.Path, PageCount * PageSize);
            Assert.Empty(region.RestoreLostPages());
            Assert.Equal(0L, region.Read<long>(12 * PageSize));
        }
    }

    [Fact]
    public void A_page_that_is_lost_and_restored_again_and_again_is_told_each_time()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        for (int round = 0; round < 200; round++)
        {
            int page = 4 + (round % 12);
            SetLengthOutside(file.Path, 4 * PageSize);
            Assert.Equal(Pages(page, 1), Lose(region, page).Lost);
            SetLengthOutside(file.Path, PageCount * PageSize);
            Assert.Empty(region.RestoreLostPages());
            region.Write(page * PageSize, (long)round);
            Assert.Equal(round, region.Read<long>(page * PageSize));
        }
    }

    [Fact]
    public void A_read_only_region_is_restored_without_a_block_for_its_holes()
    {
        using MappedRegion region = MapPattern(s_ordinary with { Access = MappingAccess.Read }, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(file.Path, PageCount * PageSize);

        Assert.Empty(region.RestoreLostPages());

        Assert.Equal(0, region.Read<byte>(5 * PageSize));
        Assert.Throws<NotSupportedException>(() => region.Write(0, 1L));
        if (IsOnDevice)
        {
            Assert.Contains(
                file.GetExtents(),
                extent => extent.Flags.HasFlag(ExtentFlags.Hole) && extent.Offset <= 5 * PageSize && extent.End > 5 * PageSize);
        }
    }

    [Fact]
    public void A_direct_mapping_whose_file_has_holes_now_is_refused_until_it_is_prepared()
    {
        using MappedRegion region = MapPattern(MapOptions.DirectOrEmulated, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(file.Path, PageCount * PageSize);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => region.RestoreLostPages());

        Assert.Equal((RefusalReason.Hole, RegionState.Faulted), (refused.Reason, region.State));
        Assert.Equal([Pages(5, 1)], region.GetLostRanges());
        Assert.Equal(Pages(5, 1), Assert.Throws<MappingFaultException>(() => region.Read<long>(0)).Lost);
        // and no block was allocated
        Assert.Contains(file.GetExtents(), extent => extent.Flags.HasFlag(ExtentFlags.Hole) && extent.Offset <= 5 * PageSize);
        file.Prepare();
        Assert.Empty(region.RestoreLostPages());
        region.Write(5 * PageSize, 1L);
        region.Persist();
        Assert.Equal(RegionState.Active, region.State);
    }

    [Fact]
    public void A_judged_region_judges_the_pages_anew_also_those_that_it_had_found_good()
    {
        using MappedRegion region = MapPattern(
            MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess }, PageCount, out DirectFile file);
        region.Write(5 * PageSize, 1L); // found good
        SetLengthOutside(file.Path, 4 * PageSize);
        Assert.Equal(Pages(5, 1), Lose(region, 5).Lost);
        SetLengthOutside(file.Path, PageCount * PageSize);

        MappingFaultException refused = Assert.Throws<MappingFaultException>(() => region.RestoreLostPages());

        Assert.Equal(
            (FaultCause.Refused, RefusalReason.Hole, FaultAccess.Restore, RegionState.Faulted),
            (refused.Cause, refused.Refusal, refused.Access, region.State));
        Assert.Contains(file.GetExtents(), extent => extent.Flags.HasFlag(ExtentFlags.Hole) && extent.Offset <= 5 * PageSize);
        file.Prepare();
        Assert.Empty(region.RestoreLostPages());
        Assert.Equal(0L, region.Read<long>(5 * PageSize));
    }

    [Fact]
    public void What_the_policy_refuses_meanwhile_is_not_restored()
    {
        EmulatedBlockMap map = new(PageCount * PageSize);
        using DirectFile file = DirectFile.Create(Folder.File(), PageCount * PageSize, Options with { BlockMap = map });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(file.Path, PageCount * PageSize);
        map.Set(Pages(5, 1), ExtentFlags.Shared);

        Assert.Equal(RefusalReason.SharedExtent, Assert.Throws<MapRefusedException>(() => region.RestoreLostPages()).Reason);

        map.Set(Pages(5, 1), ExtentFlags.None);
        map.Set(Pages(7, 1), ExtentFlags.Shared); // of pages that were not lost nothing is asked
        Assert.Empty(region.RestoreLostPages());
    }

    [Fact]
    public void What_was_opened_before_and_met_a_lost_page_still_throws_and_what_is_opened_after_does_not()
    {
        using MappedRegion region = MapPattern(s_ordinary, PageCount, out DirectFile file);
        using RegionMemory memory = region.GetMemory(5 * PageSize, 8);
        using RegionSequence sequence = region.GetSequence(5 * PageSize, 8);
        Exception? scopeSays = null;
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = region.OpenScope(5 * PageSize, 8);
            park();
            try
            {
                scope.Complete();
            }
            catch (MappingFaultException fault)
            {
                scopeSays = fault;
            }
        });
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(file.Path, PageCount * PageSize);
        Assert.Empty(region.RestoreLostPages());

        Assert.Null(holder.Finish());

        Assert.Equal(Pages(5, 1), Assert.IsType<MappingFaultException>(scopeSays).Lost);
        Assert.Equal(Pages(5, 1), Assert.Throws<MappingFaultException>(() => memory.Complete()).Lost);
        Assert.Throws<MappingFaultException>(() => memory.GetSpan().Length);
        Assert.Throws<MappingFaultException>(() => sequence.Complete());
        using RegionScope after = region.OpenScope(5 * PageSize, 8);
        after.Span.Fill(1);
        after.Complete();
        using RegionMemory anew = region.GetMemory(5 * PageSize, 8);
        anew.Complete();
    }

    [Fact]
    public void Of_what_was_opened_before_only_what_met_a_lost_page_throws_where_only_pages_are_lost()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        using RegionMemory met = region.GetMemory(5 * PageSize, 8);
        using RegionMemory beside = region.GetMemory(6 * PageSize, 8);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(file.Path, PageCount * PageSize);
        Assert.Empty(region.RestoreLostPages());
        using RegionMemory second = region.GetMemory(5 * PageSize, 8);

        // Lost and restored once more: what was opened in between met that one, what was opened before met both.
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        Assert.Throws<MappingFaultException>(() => second.Complete());
        SetLengthOutside(file.Path, PageCount * PageSize);
        Assert.Empty(region.RestoreLostPages());

        Assert.Throws<MappingFaultException>(() => met.Complete());
        Assert.Throws<MappingFaultException>(() => second.Complete());
        beside.Complete();
        region.GetMemory(5 * PageSize, 8).Complete();
    }

    [Fact]
    public void A_page_that_is_lost_again_after_a_restoration_does_not_condemn_what_was_opened_after_it_elsewhere()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        SetLengthOutside(file.Path, 8 * PageSize);
        Assert.Empty(region.RestoreLostPages());
        using RegionMemory after = region.GetMemory(5 * PageSize, PageSize);

        Lose(region, 9);

        after.Memory.Span.Fill(3);
        after.Complete();
        Assert.Equal([Pages(9, 1)], region.GetLostRanges());
    }

    [Fact]
    public void A_disposed_region_is_not_restored()
    {
        using MappedRegion region = MapPattern(s_ordinary, PageCount, out DirectFile file);
        region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => region.RestoreLostPages());
        Assert.Empty(region.GetLostRanges());
    }

    [Fact]
    public void After_a_restoration_the_mapping_is_not_inherited_and_goes_at_Dispose_as_before()
    {
        using MappedRegion region = MapPattern(s_pages, PageCount, out DirectFile file);
        SetLengthOutside(file.Path, 4 * PageSize);
        Lose(region, 5);
        Lose(region, 9);
        SetLengthOutside(file.Path, PageCount * PageSize);
        Assert.Empty(region.RestoreLostPages());
        string[] smaps = File.ReadAllLines("/proc/self/smaps");
        string[] flags = [.. Enumerable.Range(0, smaps.Length).Where(i => smaps[i].EndsWith(file.Path, StringComparison.Ordinal))
            .Select(i => smaps.Skip(i).First(line => line.StartsWith("VmFlags:", StringComparison.Ordinal)))];

        Assert.NotEmpty(flags);
        Assert.All(flags, line => Assert.Contains(" dc", line, StringComparison.Ordinal)); // VM_DONTCOPY
        region.Dispose();
        Assert.Equal(0, ProcSelf.MappingsOf(Folder.Path));
    }
}
