using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

public abstract class CopyTests(FileBackingKind backing) : RegionTest(Length, backing)
{
    private const int Length = CopySweep.Length;

    [Fact]
    public void What_is_copied_in_is_in_the_file_and_what_is_copied_out_was_there_whatever_offset_and_size()
    {
        byte[] expected = CopySweep.InAndOut(Region);

        byte[] whole = new byte[Length];
        Region.CopyTo(0, whole);
        Assert.Equal(expected, whole);
        Assert.Equal(Length, TheFile.Read(whole, 0));
        Assert.Equal(expected, whole);
    }

    [Fact]
    public void What_is_filled_is_filled_and_nothing_beside_it()
    {
        byte[] expected = new byte[Length];
        CopySweep.Fill(Region, expected);

        byte[] whole = new byte[Length];
        Assert.Equal(Length, TheFile.Read(whole, 0));
        Assert.Equal(expected, whole);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(-1, 0)]
    [InlineData(Length, 1)]
    [InlineData(Length - 7, 8)]
    [InlineData(Length + 1, 0)]
    [InlineData(0, Length + 1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MinValue, 8)]
    public void A_copy_outside_the_region_is_a_bad_argument(long offset, int size)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.CopyTo(offset, new byte[size]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.CopyFrom(offset, new byte[size]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Fill(offset, size, 1));
    }

    [Theory]
    [InlineData(0, -1)]
    [InlineData(8, long.MaxValue)]
    [InlineData(0, long.MinValue)]
    [InlineData(Length, -1)]
    public void A_fill_of_a_negative_or_overflowing_length_is_a_bad_argument(long offset, long length) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Region.Fill(offset, length, 1));

    [Theory]
    [InlineData(0)]
    [InlineData(Length)]
    public void Nothing_can_be_copied_anywhere_in_the_region_also_at_its_very_end(long offset)
    {
        Region.CopyTo(offset, []);
        Region.CopyFrom(offset, []);
        Region.Fill(offset, 0, 1);
    }

    [Fact]
    public void A_read_only_region_is_copied_from_only()
    {
        Region.Write(8, 42L);
        using MappedRegion region = TheFile.Map(MapOptions.DirectOrEmulated with { Access = MappingAccess.Read });

        Assert.Throws<NotSupportedException>(() => region.CopyFrom(0, new byte[8]));
        Assert.Throws<NotSupportedException>(() => region.CopyFrom(0, []));
        Assert.Throws<NotSupportedException>(() => region.Fill(0, 8, 1));
        Assert.Throws<NotSupportedException>(() => region.Fill(0, 0, 1));
        byte[] read = new byte[8];
        region.CopyTo(8, read);
        Assert.Equal(42, BitConverter.ToInt64(read));
    }

    [Fact]
    public void After_Dispose_a_copy_throws_and_does_not_reach_the_file()
    {
        Region.Dispose();

        Assert.Throws<ObjectDisposedException>(() => Region.CopyTo(0, new byte[8]));
        Assert.Throws<ObjectDisposedException>(() => Region.CopyTo(0, []));
        Assert.Throws<ObjectDisposedException>(() => Region.CopyFrom(0, new byte[] { 1, 2, 3 }));
        Assert.Throws<ObjectDisposedException>(() => Region.Fill(0, 8, 1));
        Assert.All(File.ReadAllBytes(TheFile.Path), value => Assert.Equal(0, value));
    }

    [Fact]
    public void After_a_revocation_a_copy_says_so_with_its_range()
    {
        using DirectFile other = Open();
        Assert.Throws<LeaseConflictException>(() => other.SetLength(0, new BreakOptions { WhenUnavailable = WhenUnavailable.Refuse }));
        PassDeadline();
        Soon.Until(() => Region.State == RegionState.Revoked, "the region is revoked");

        MappingFaultException read = Assert.Throws<MappingFaultException>(() => Region.CopyTo(70_000, new byte[100]));
        MappingFaultException write = Assert.Throws<MappingFaultException>(() => Region.CopyFrom(70_000, new byte[100]));
        MappingFaultException fill = Assert.Throws<MappingFaultException>(() => Region.Fill(70_000, 100, 1));

        Assert.Equal((FaultCause.Revoked, FaultAccess.Read, new FileRange(70_000, 100)), (read.Cause, read.Access, read.Range));
        Assert.Equal((FaultCause.Revoked, FaultAccess.Write, new FileRange(70_000, 100)), (write.Cause, write.Access, write.Range));
        Assert.Equal((FaultCause.Revoked, FaultAccess.Write, new FileRange(70_000, 100)), (fill.Cause, fill.Access, fill.Range));
        Assert.Null(read.Lost);
    }

    [Fact]
    public async Task While_the_region_is_being_released_copies_go_on()
    {
        using ParkedThread holder = new(park =>
        {
            using RegionScope scope = Region.OpenScope(0, 8);
            park();
        });
        Task<bool> release = Region.ReleaseAsync();
        Soon.Until(() => Region.State == RegionState.Releasing, "the release begins");

        Region.Fill(0, 100, 7);
        Region.CopyFrom(100, new byte[] { 8 });
        byte[] read = new byte[101];
        Region.CopyTo(0, read);

        Assert.Equal([.. Enumerable.Repeat((byte)7, 100), 8], read);
        Assert.Null(holder.Finish());
        Assert.True(await release.Within());
    }

    [Fact]
    public void What_is_copied_between_parts_that_overlap_arrives_as_it_was()
    {
        using DirectFile file = DirectFile.Create(Folder.File("overlapping"), CopySweep.Overlapping, Options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        CopySweep.Overlap(region, CopySweep.CopyIn);
        CopySweep.Overlap(region, CopySweep.CopyOut);
    }

    [Fact]
    public void A_judged_copy_is_refused_where_the_policy_refuses_and_made_elsewhere()
    {
        EmulatedBlockMap map = new(16 * PageSize);
        map.Set(new FileRange(4 * PageSize, PageSize), ExtentFlags.Unwritten);
        map.Set(new FileRange(8 * PageSize, PageSize), ExtentFlags.BadBlock);
        using DirectFile file = DirectFile.Create(Folder.File("judged"), 16 * PageSize, Options with { BlockMap = map });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { PolicyCheck = PolicyCheck.AtAccess });

        region.CopyTo(0, new byte[8 * PageSize]); // what is unwritten may be read
        MappingFaultException write = Assert.Throws<MappingFaultException>(() => region.CopyFrom(PageSize, new byte[(3 * PageSize) + 1]));
        MappingFaultException fill = Assert.Throws<MappingFaultException>(() => region.Fill(PageSize, (3 * PageSize) + 1, 1));
        MappingFaultException read = Assert.Throws<MappingFaultException>(() => region.CopyTo(0, new byte[(8 * PageSize) + 1]));
        region.CopyFrom(PageSize, [.. Enumerable.Repeat((byte)5, 3 * PageSize)]);
        region.Fill(5 * PageSize, 3 * PageSize, 6);

        Assert.Equal((FaultCause.Refused, RefusalReason.UnwrittenExtent, FaultAccess.Write), (write.Cause, write.Refusal, write.Access));
        Assert.Equal((FaultCause.Refused, RefusalReason.UnwrittenExtent, FaultAccess.Write), (fill.Cause, fill.Refusal, fill.Access));
        Assert.Equal((FaultCause.Refused, RefusalReason.BadBlock, FaultAccess.Read), (read.Cause, read.Refusal, read.Access));
        byte[] content = File.ReadAllBytes(file.Path);
        Assert.All(content[..PageSize], value => Assert.Equal(0, value));
        Assert.All(content[PageSize..(4 * PageSize)], value => Assert.Equal(5, value));
        Assert.All(content[(4 * PageSize)..(5 * PageSize)], value => Assert.Equal(0, value));
        Assert.All(content[(5 * PageSize)..(8 * PageSize)], value => Assert.Equal(6, value));
    }

    [Fact]
    public void Copies_of_a_part_of_the_file_and_their_faults_are_relative_to_the_file()
    {
        using MappedRegion part = TheFile.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(16 * PageSize, 3 * PageSize) });

        part.CopyFrom(1, new byte[] { 9 });
        part.Dispose();

        Assert.Contains(
            new FileRange((16 * PageSize) + 5, 4).ToString(),
            Assert.Throws<ObjectDisposedException>(() => part.CopyTo(5, new byte[4])).Message,
            StringComparison.Ordinal);
        Assert.Equal(9, File.ReadAllBytes(TheFile.Path)[(16 * PageSize) + 1]);
    }
}
