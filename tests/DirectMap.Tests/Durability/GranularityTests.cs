using DirectMap.Durability;
using DirectMap.Stores;
using DirectMap.Tests.Docs;

namespace DirectMap.Tests.Durability;

/// <summary>libpmem2's pmem2_granularity: what is there, and who is content with it.</summary>
public sealed class GranularityTests
{
    private const string NoFlush = "the flush is missing";
    private const string NoSync = "MAP_SYNC was refused: EOPNOTSUPP";

    [Theory]
    [InlineData(false, false, "CpuCache", true, "Page", "no DAX")]
    [InlineData(false, true, "CpuCache", true, "Page", "no DAX")]
    [InlineData(true, false, "CpuCache", true, "Page", NoSync)]
    [InlineData(true, true, "CpuCache", true, "Byte", null)]
    [InlineData(true, true, "CpuCache", false, "Byte", null)]
    [InlineData(true, true, "MemoryController", true, "CacheLine", "no eADR): the domain's reason")]
    [InlineData(true, true, "MemoryController", false, "Page", NoFlush)]
    [InlineData(true, true, "Unknown", true, "Page", "the persistence domain is unknown: the domain's reason")]
    [InlineData(true, true, "Unknown", false, "Page", "the persistence domain is unknown: the domain's reason")]
    public void It_is_the_best_that_the_facts_allow_and_the_first_missing_one_is_named(
        bool isDax, bool isMapSync, string domain, bool canFlush, string expected, string? reason)
    {
        EffectiveGranularity effective = EffectiveGranularity.Of(
            isDax,
            isMapSync ? null : NoSync,
            new PersistenceDomain(Enum.Parse<PersistenceDomainKind>(domain), "the domain's reason"),
            canFlush ? null : NoFlush);

        Assert.Equal(expected, effective.Granularity.ToString());
        if (reason is null)
        {
            Assert.Null(effective.Reason);
        }
        else
        {
            Assert.Contains(reason, effective.Reason, StringComparison.Ordinal);
        }
    }

    /// <summary>Requested, available.</summary>
    [Theory]
    [InlineData("Byte", "Byte", true)]
    [InlineData("Byte", "CacheLine", false)]
    [InlineData("Byte", "Page", false)]
    [InlineData("CacheLine", "Byte", true)]
    [InlineData("CacheLine", "CacheLine", true)]
    [InlineData("CacheLine", "Page", false)]
    [InlineData("Page", "Byte", true)]
    [InlineData("Page", "CacheLine", true)]
    [InlineData("Page", "Page", true)]
    public void Who_asks_for_one_is_content_with_a_smaller_one(string requested, string available, bool expected) =>
        Assert.Equal(
            expected,
            new EffectiveGranularity(Enum.Parse<PersistGranularity>(available), null).Meets(Enum.Parse<PersistGranularity>(requested)));
}
