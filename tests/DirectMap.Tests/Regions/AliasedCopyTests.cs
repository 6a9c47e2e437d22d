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
        using MappedRegion part = file.Map(MapOptions.DirectOrEmulated with { Offset = 8 * PageSize, Length = PageSize + 100 });
        using RegionScope inWhole = whole.Acquire(9 * PageSize, 10);
        using RegionScope inPart = part.Acquire(PageSize + 90, 10);
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
