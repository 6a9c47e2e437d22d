using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Layout;

/// <summary>Which bytes are prepared.</summary>
public sealed class PrepareRangeTests : FileTest
{
    [Fact]
    public void A_range_is_rounded_to_pages_and_must_lie_within_the_file()
    {
        using DirectFile file = Create(10 * PageSize);
        file.PunchHole(0, 10 * PageSize);

        PrepareReport report = file.Prepare(new PrepareOptions { Range = new FileRange(PageSize + 1, PageSize) });

        Assert.Equal(new FileRange(PageSize, 2 * PageSize), report.Range);
        Assert.Equal(2 * PageSize, report.Allocated);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            file.Prepare(new PrepareOptions { Range = new FileRange(0, (10 * PageSize) + 1) }));
        Assert.Equal(0, file.Prepare(new PrepareOptions { Range = new FileRange(5, 0) }).Allocated);
    }

    [Fact]
    public void A_range_without_an_end_is_prepared_up_to_the_end_of_the_file()
    {
        using DirectFile file = Create(10 * PageSize);
        file.PunchHole(0, 10 * PageSize);

        PrepareReport report = file.Prepare(new PrepareOptions { Range = FileRange.From((4 * PageSize) + 1) });

        Assert.Equal((new FileRange(4 * PageSize, 6 * PageSize), 6 * PageSize), (report.Range, report.Allocated));
        Assert.Equal(0, file.Prepare(new PrepareOptions { Range = FileRange.From(10 * PageSize) }).Range.Length);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            file.Prepare(new PrepareOptions { Range = FileRange.From((10 * PageSize) + 1) }));
    }
}
