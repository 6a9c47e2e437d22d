using DirectMap.Tests.Infrastructure;
using Moq;

namespace DirectMap.Tests.Files;

/// <summary>Which part of a file may be mapped, and what becomes of it when the file's length changes meanwhile.</summary>
public abstract class MapRangeTests(FileBackingKind backing) : MapTest(backing)
{
    [Theory]
    [InlineData(0, 0L)]
    [InlineData(4096, 0L)]
    [InlineData(1, null)]
    [InlineData(100, 50L)]
    public void Empty_and_unaligned_ranges_are_bad_arguments(long offset, long? length)
    {
        using DirectFile file = Create();

        Assert.ThrowsAny<ArgumentException>(() => file.Map(MapOptions.DirectOrEmulated with { Range = Ranges.Of(offset, length) }));

        AssertNothingIsHeld(file);
    }

    [Theory]
    [InlineData(0, 65537L)]
    [InlineData(65536, 1L)]
    [InlineData(65536, null)]
    [InlineData(1L << 40, null)]
    [InlineData(0, long.MaxValue - 1)]
    public void A_range_beyond_the_end_of_the_file_is_refused(long offset, long? length)
    {
        using DirectFile file = Create(65536);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() =>
            file.Map(MapOptions.DirectOrEmulated with { Range = Ranges.Of(offset, length) }));

        Assert.Equal(RefusalReason.BeyondEndOfFile, refused.Reason);
        Assert.Equal(65536, file.Length); // the BCL would have grown it
        AssertNothingIsHeld(file);
    }

    [Fact]
    public void An_empty_file_cannot_be_mapped()
    {
        File.WriteAllBytes(Folder.File(), []);
        using DirectFile file = Open();

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Equal(RefusalReason.BeyondEndOfFile, refused.Reason);
        Assert.Equal(
            "the file is empty: give it a length (SetLength) and blocks (Prepare), or make it with one (DirectFile.Create)",
            refused.Detail);
    }

    [Fact]
    public void A_file_that_another_process_truncated_before_mapping_is_refused_and_not_grown_back()
    {
        using DirectFile file = Create(65536);
        Run("truncate", "-s", "4096", file.Path);

        Assert.Throws<MapRefusedException>(() => file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 65536) }));

        Assert.Equal(4096, file.Length);
    }

    [Fact]
    public void A_file_that_shrinks_while_it_is_being_mapped_is_refused_and_not_grown_back()
    {
        Create(65536).Dispose();
        Mock<IFaultPolicy> policy = new();
        policy.Setup(p => p.EvaluateFile(in It.Ref<FileFacts>.IsAny)).Returns(() =>
        {
            using FileStream elsewhere = new(Folder.File(), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            elsewhere.SetLength(0); // between the first look at the size and the mapping
            return PolicyDecision.Allow;
        });
        using DirectFile file = DirectFile.Open(Folder.File(), Options with { FaultPolicy = policy.Object });

        Assert.Equal(RefusalReason.BeyondEndOfFile, Assert.Throws<MapRefusedException>(() => file.Map()).Reason);
        Assert.Equal(0, file.Length);
        AssertNothingIsHeld(file);
    }

    [Fact]
    public void A_part_of_the_file_is_mapped_at_its_offset()
    {
        using DirectFile file = Create(4 * PageSize);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(PageSize, PageSize + 10) });

        region.Write(0, 0x1122334455667788L);
        region.Write<byte>(PageSize + 9, 9);

        byte[] bytes = new byte[8];
        Assert.Equal(8, file.Read(bytes, PageSize));
        Assert.Equal(0x1122334455667788L, BitConverter.ToInt64(bytes));
        Assert.Equal(1, file.Read(bytes.AsSpan(0, 1), (2 * PageSize) + 9));
        Assert.Equal(9, bytes[0]);
        Assert.Equal(PageSize, region.FileOffset);
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Write<byte>(PageSize + 10, 9));
    }

    [Theory]
    [InlineData(32 << 10)]
    [InlineData(128 << 10)]
    public async Task A_mapping_up_to_the_end_that_waited_for_a_truncation_reaches_to_the_new_end(int length)
    {
        using DirectFile file = Create(64 << 10);
        using DirectFile other = Open();
        MappedRegion held = file.Map(MapOptions.DirectOrEmulated);
        Task truncating = other.SetLengthAsync(length).AsTask();
        MapOptions waits = MapOptions.DirectOrEmulated with { WhenUnavailable = WhenUnavailable.Wait };
        Task<MappedRegion> waiting = DirectFile.Open(file.Path, Options with { FaultPolicy = Mock.Of<IFaultPolicy>() }).MapAsync(
            waits).AsTask();

        held.Dispose();
        await truncating.Within();

        using MappedRegion region = await waiting.Within();
        Assert.Equal(length, region.Length);
    }

    [Fact]
    public void Where_blocks_are_smaller_than_pages_all_of_the_last_mapped_page_is_judged_and_kept()
    {
        NeedsLinuxBacking("it cannot ask for the size of blocks");
        using TestDirectory directory = new();
        using Requires.TinyFileSystem small = Requires.Ext4(directory, blockSize: 1024);
        using DirectFile tail = DirectFile.Create(Path.Combine(small.Path, "tail"), 1024, Options);
        tail.SetLength(PageSize);
        Assert.Equal(
            RefusalReason.Hole,
            Assert.Throws<MapRefusedException>(() => tail.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 1024) })).Reason);

        using DirectFile whole = DirectFile.Create(Path.Combine(small.Path, "whole"), PageSize, Options);
        using MappedRegion part = whole.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, 1024) });
        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => whole.PunchHole(2048, 1024)).Conflict);
        Assert.Equal(LeaseConflict.Busy, Assert.Throws<LeaseConflictException>(() => whole.SetLength(2048)).Conflict);
    }
}
