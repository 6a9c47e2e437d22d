using DirectMap.Inodes;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Regions;

/// <summary>Whether a copy overlaps what it is made of is a matter of the file's bytes, not of one region's addresses.</summary>
public abstract class AliasedCopyTests(FileBackingKind backing) : FileTest(backing)
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_copied_between_regions_of_one_file_arrives_as_it_was(int seed)
    {
        using DirectFile file = Create(AliasedCopies.Length);
        using DirectFile other = Open();

        AliasedCopies.Run(file, other, seed, count: 60);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task What_is_read_into_memory_of_the_file_or_written_from_it_arrives_as_it_was(int seed)
    {
        using DirectFile file = Create(AliasedTransfers.Length);
        using DirectFile other = Open();

        await AliasedTransfers.Run(file, other, seed, count: 120);
    }

    [Fact]
    public void At_the_end_of_the_file_less_is_read_into_its_own_memory()
    {
        using DirectFile file = Create(PageSize);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        byte[] content = [.. Enumerable.Range(0, PageSize).Select(i => (byte)(i % 251))];
        region.CopyFrom(0, content);

        using (RegionScope scope = region.OpenScope(PageSize - 100, 100))
        {
            Assert.Equal(50, file.Read(scope.Span, PageSize - 50));
            scope.Complete();
        }

        content.AsSpan(PageSize - 50).CopyTo(content.AsSpan(PageSize - 100));
        Assert.Equal(content, File.ReadAllBytes(file.Path));
    }

    [Fact]
    public void What_is_copied_between_regions_that_persist_by_cache_lines_arrives_as_it_was()
    {
        NeedsLinuxBacking("flushes no cache lines");
        Requires.NativeFor("CacheLine");
        using DirectFile file = Create(AliasedCopies.Length);
        using DirectFile other = Open();

        AliasedCopies.Run(
            file, other, 4, count: 60, MapOptions.DirectOrEmulated with { EmulatedGranularity = PersistGranularity.CacheLine });
    }

    [Fact]
    public unsafe void The_addresses_of_a_file_are_those_of_its_live_regions()
    {
        using DirectFile file = Create(64 * PageSize);
        MappedAddresses addresses = InodeTable.Find(file.Id)!.Addresses;
        using MappedRegion whole = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion part = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(8 * PageSize, PageSize + 100) });
        using RegionScope inWhole = whole.OpenScope(9 * PageSize, 10);
        using RegionScope inPart = part.OpenScope(PageSize + 90, 10);
        byte[] array = new byte[10];
        fixed (byte* first = inWhole.ReadOnlySpan, second = inPart.ReadOnlySpan, third = array)
        {
            Assert.True(addresses.MayHave(first));
            Assert.True(addresses.MayHave(second));
            Assert.Equal(9 * PageSize, addresses.OffsetOf(first));
            Assert.Equal((9 * PageSize) + 90, addresses.OffsetOf(second));
            Assert.Equal((9 * PageSize) + 99, addresses.OffsetOf(second + 9));
            Assert.Equal(-1, addresses.OffsetOf(second + 10));
            Assert.Equal(-1, addresses.OffsetOf(third));
        }
    }
}
