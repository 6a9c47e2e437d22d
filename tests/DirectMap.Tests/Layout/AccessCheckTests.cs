using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Layout;

public abstract class AccessCheckTests(FileBackingKind backing) : FileTest(backing)
{
    private const int Length = 64 << 10;

    private static readonly MapOptions s_direct = MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess };
    private static readonly MapOptions s_ordinary = MapOptions.Ordinary with { PolicyCheck = PolicyCheck.AtAccess };

    [Theory]
    [InlineData(ExtentFlags.Hole, RefusalReason.Hole)]
    [InlineData(ExtentFlags.Unwritten, RefusalReason.UnwrittenExtent)]
    [InlineData(ExtentFlags.Shared, RefusalReason.SharedExtent)]
    [InlineData(ExtentFlags.BadBlock, RefusalReason.BadBlock)]
    public void A_direct_mapping_of_a_flawed_file_is_made_and_the_access_to_the_flaw_is_refused(ExtentFlags flaw, RefusalReason reason)
    {
        EmulatedBlockMap map = new(Length);
        map.Set(new FileRange(2 * PageSize, PageSize), flaw);
        using DirectFile file = DirectFile.Create(Folder.File(), Length, Options with { BlockMap = map });
        using MappedRegion region = file.Map(s_direct);

        region.Write(0, 1L);
        MappingFaultException refused = Assert.Throws<MappingFaultException>(() => region.Write(2 * PageSize, 2L));

        Assert.Equal(FaultCause.Refused, refused.Cause);
        Assert.Equal(reason, refused.Refusal);
        Assert.Equal(FaultAccess.Write, refused.Access);
        Assert.Equal(new FileRange(2 * PageSize, 8), refused.Range);
        Assert.Equal(flaw, refused.Extent?.Flags);
        Assert.Equal(95, refused.HResult);
        Assert.Throws<MappingFaultException>(() => region.OpenScope(PageSize, 2 * PageSize));
        Assert.Throws<MappingFaultException>(() => region.Write((2 * PageSize) - 4, 1L)); // half in the page before
        using RegionScope good = region.OpenScope(3 * PageSize, PageSize);
        good.Span.Fill(1);
        good.Complete();
    }

    [Fact]
    public void A_region_that_goes_while_an_access_is_judged_says_so()
    {
        Action? judging = null;
        Mock<IBlockMap> map = new();
        map.Setup(it => it.GetExtents(It.IsAny<FileRange>(), It.IsAny<Memory<Extent>>()))
            .Returns((FileRange range, Memory<Extent> extents) =>
            {
                judging?.Invoke();
                extents.Span[0] = new Extent(0, Length, 0, ExtentFlags.None);
                return 1;
            });
        using DirectFile file = DirectFile.Create(Folder.File(), Length, Options with { BlockMap = map.Object });
        foreach (Action<MappedRegion> access in new Action<MappedRegion>[]
        {
            region => region.Read<long>(0),
            region => region.Write(0, 1L),
            region => region.OpenScope(0, 8).Dispose()
        })
        {
            MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });
            judging = region.Dispose;

            Assert.Throws<ObjectDisposedException>(() => access(region));

            judging = null;
        }

        Assert.All(File.ReadAllBytes(file.Path), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Reading_is_judged_as_reading()
    {
        EmulatedBlockMap map = new(Length, ExtentFlags.Unwritten);
        map.Set(new FileRange(0, PageSize), ExtentFlags.Shared);
        using DirectFile file = DirectFile.Create(Folder.File(), Length, Options with { BlockMap = map });
        using MappedRegion region = file.Map(s_direct);
        using MappedRegion readOnly = file.Map(s_direct with { Access = MappingAccess.Read });

        Assert.Equal(0, region.Read<long>(PageSize));
        Assert.Equal(FaultAccess.Read, Assert.Throws<MappingFaultException>(() => region.Read<long>(0)).Access);
        Assert.Throws<MappingFaultException>(() => region.Write(PageSize, 1L));
        Assert.Throws<MappingFaultException>(() => region.OpenScope(PageSize, 1));
        using RegionScope scope = readOnly.OpenScope(PageSize, PageSize);
        Assert.Equal(0, scope.ReadOnlySpan[0]);
        Assert.Throws<NotSupportedException>(() => readOnly.Write(PageSize, 1L));
    }

    [Fact]
    public void What_was_judged_is_not_judged_again_until_an_operation_has_changed_the_file()
    {
        Mock<IFaultPolicy> policy = new();
        using DirectFile file = Create(Length);
        using MappedRegion region = file.Map(s_direct with { FaultPolicy = policy.Object });
        policy.Verify(p => p.EvaluateExtent(It.Ref<FileFacts>.IsAny, It.Ref<Extent>.IsAny, It.IsAny<MappingAccess>()), Times.Never);

        for (int i = 0; i < 100; i++)
        {
            region.Write(8 * i, (long)i);
            region.OpenScope(0, PageSize).Dispose();
            _ = region.Read<long>(8 * i);
        }

        policy.Verify(p => p.EvaluateExtent(It.Ref<FileFacts>.IsAny, It.Ref<Extent>.IsAny, It.IsAny<MappingAccess>()), Times.Once);
        region.Write(PageSize, 1L); // of the same extent
        policy.Verify(p => p.EvaluateExtent(It.Ref<FileFacts>.IsAny, It.Ref<Extent>.IsAny, It.IsAny<MappingAccess>()), Times.Once);
        file.Write([1], 0);
        region.Write(PageSize, 1L);
        policy.Verify(p => p.EvaluateExtent(It.Ref<FileFacts>.IsAny, It.Ref<Extent>.IsAny, It.IsAny<MappingAccess>()), Times.Exactly(2));
    }

    [Fact]
    public void The_file_as_a_whole_is_judged_when_it_is_mapped()
    {
        using DirectFile file = Create(Length);

        RefusalReason reason = Assert.Throws<MapRefusedException>(() =>
            file.Map(MapOptions.Direct with { PolicyCheck = PolicyCheck.AtAccess })).Reason;

        Assert.Contains(reason, (RefusalReason[])[RefusalReason.NotDaxCapable, RefusalReason.BlockMapUnverified]);
    }

    [Fact]
    public void What_lies_outside_the_region_is_out_of_range_not_a_fault()
    {
        using DirectFile file = Create(Length);
        using MappedRegion region = file.Map(s_direct);

        Assert.Throws<ArgumentOutOfRangeException>(() => region.Read<long>(Length - 7));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Write(-1, 1L));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.OpenScope(Length, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.OpenScope(0, -1));
        region.OpenScope(Length, 0).Dispose();
    }

    [Fact]
    public void After_disposal_and_revocation_the_access_says_so()
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        MappedRegion region = file.Map(s_direct);
        using MappedRegion revoked = file.Map(s_direct);
        region.Dispose();
        Assert.Throws<LeaseConflictException>(() => other.Write([1], 0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => revoked.State == RegionState.Revoked, "the region is revoked");

        Assert.Throws<ObjectDisposedException>(() => region.Read<long>(0));
        Assert.Throws<ObjectDisposedException>(() => region.OpenScope(0, 1));
        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => revoked.Write(0, 1L)).Cause);
        Assert.Equal(FaultCause.Revoked, Assert.Throws<MappingFaultException>(() => revoked.OpenScope(0, 1)).Cause);
    }

    [Fact]
    public void A_truncation_through_the_library_is_an_exception_at_the_next_access()
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        using MappedRegion region = file.Map(s_ordinary);
        region.Write(Length - 8, 1L);

        other.SetLength(2 * PageSize);

        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.Write(Length - 8, 1L)).Cause);
        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.Read<byte>(2 * PageSize)).Cause);
        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.OpenScope(0, Length)).Cause);
        region.Write(0, 1L);
    }

    [Fact]
    public void A_page_that_was_good_is_judged_anew_after_the_layout_was_changed()
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        using MappedRegion ordinary = other.Map(s_ordinary);
        ordinary.Write(4 * PageSize, 1L);
        file.PunchHole(4 * PageSize, PageSize);
        using MappedRegion direct = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 4 * PageSize) });

        Assert.Equal(FaultCause.LayoutLeased, Assert.Throws<MappingFaultException>(() => ordinary.Write(4 * PageSize, 1L)).Cause);
    }

    [Fact]
    public void A_page_that_was_good_is_judged_anew_after_a_right_to_change_the_layout_was_held()
    {
        using DirectFile file = Create(Length);
        using DirectFile other = Open();
        using MappedRegion ordinary = other.Map(s_ordinary);
        ordinary.Write(4 * PageSize, 1L);
        using (file.BreakLayout(FileRange.Whole))
        {
            using FileStream foreign = new(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            foreign.SetLength(PageSize);
        }

        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => ordinary.Write(4 * PageSize, 1L)).Cause);
    }

    [Fact]
    public void What_lies_behind_a_new_end_within_a_page_is_refused_also_after_the_rest_of_the_page_was_good()
    {
        using DirectFile file = Create(2 * PageSize);
        using DirectFile other = Open();
        using MappedRegion region = file.Map(s_ordinary);
        other.SetLength(PageSize + 100);

        region.Write(PageSize, 1L);

        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.Write(PageSize + 200, 1L)).Cause);
        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.Read<long>(PageSize + 200)).Cause);
        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.OpenScope(PageSize + 200, 1)).Cause);
    }

    [Fact]
    public void A_write_that_leaves_a_hole_within_a_page_that_was_good_has_it_judged_anew()
    {
        NeedsLinuxBacking("it cannot ask for the size of blocks");
        using Requires.TinyFileSystem disk = Requires.Ext4(Folder, 1024);
        string path = Path.Combine(disk.Path, "file");
        using DirectFile file = DirectFile.Create(path, 1024, Options);
        using DirectFile other = DirectFile.Open(path, Options);
        using MappedRegion region = file.Map(s_ordinary);
        region.Write(0, 1L);
        region.Persist();
        other.Write(new byte[5120], 3072); // leaves a hole behind the first block
        using MappedRegion direct = other.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(PageSize, PageSize) });

        Assert.Equal(FaultCause.LayoutLeased, Assert.Throws<MappingFaultException>(() => region.Write(8, 1L)).Cause);
        Assert.Equal(RegionState.Breaking, direct.State);
    }

    [Fact]
    public void On_tmpfs_a_load_from_a_hole_works_also_through_a_file_that_was_opened_for_reading()
    {
        Requires.DevShm();
        using TestDirectory directory = new("/dev/shm");
        using (FileStream stream = File.Create(directory.File()))
        {
            stream.SetLength(Length);
        }

        using DirectFile file = DirectFile.Open(directory.File(), Options with { Access = FileAccess.Read });
        using MappedRegion region = file.Map(s_ordinary);

        Assert.Equal(0, region.Read<long>(PageSize));
        region.OpenScope(0, Length).Dispose();
    }

    [Fact]
    public void Memory_that_was_judged_in_one_piece_is_not_written_back_page_by_page()
    {
        using DirectFile file = Create(1 << 20);
        using MappedRegion region = file.Map(s_ordinary);
        int asked = 0;
        Mock<IBlockMap> map = new();
        map.Setup(m => m.GetExtents(It.IsAny<FileRange>(), It.IsAny<Memory<Extent>>())).Returns((FileRange range, Memory<Extent> extents) =>
        {
            asked++;
            extents.Span[0] = new Extent(0, 1 << 20, 0, ExtentFlags.None);
            return 1;
        });
        using DirectFile counted = DirectFile.Open(file.Path, Options with { BlockMap = map.Object });
        using MappedRegion judged = counted.Map(s_ordinary);

        for (int offset = 0; offset < 1 << 20; offset += PageSize)
        {
            judged.Write(offset, 1L);
        }

        Assert.Equal(1, asked);
    }

    [Fact]
    public void In_random_files_an_access_is_allowed_just_when_every_extent_of_its_pages_is()
    {
        Random random = new(20_26);
        for (int round = 0; round < 300; round++)
        {
            int size = random.Next(1, 24) * 1024;
            EmulatedBlockMap map = new(size);
            for (int i = 0; i < 6; i++)
            {
                map.Set(
                    new FileRange(random.Next(24) * 1024, random.Next(1, 5) * 1024),
                    random.Next(2) == 0 ? ExtentFlags.None : ExtentFlags.BadBlock);
            }

            using DirectFile file = DirectFile.Create(Folder.File($"{round}"), size, Options with { BlockMap = map });
            int start = random.Next(0, ((size - 1) / PageSize) + 1) * PageSize;
            int length = random.Next(1, size - start + 1);
            using MappedRegion region = file.Map(
                MapOptions.Ordinary with
                {
                    PolicyCheck = PolicyCheck.AtAccess,
                    FaultPolicy = FaultPolicies.FrozenLayout,
                    Mode = MapMode.DirectOrEmulated,
                    Range = new FileRange(start, length)
                });
            for (int access = 0; access < 30; access++)
            {
                int offset = random.Next(length);
                int count = random.Next(1, length - offset + 1);
                long first = (start + offset) / PageSize * PageSize;
                long end = Math.Min((start + offset + count + PageSize - 1) / PageSize * PageSize, size);
                bool expected = file.GetExtents(new FileRange(first, end - first)).All(extent => extent.Flags == ExtentFlags.None);

                Exception? refused = Record.Exception(() => region.OpenScope(offset, count).Dispose());

                Assert.True(
                    expected == refused is null, $"round {round}: {count} bytes at {offset} of [{start}, +{length}) of {size}: {refused}");
            }
        }
    }
}
