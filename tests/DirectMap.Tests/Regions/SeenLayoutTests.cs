using DirectMap.Regions;

namespace DirectMap.Tests.Regions;

/// <summary>Where blocks lie, as one number: what makes it another one, and what does not.</summary>
public sealed class SeenLayoutTests
{
    private static readonly FileRange s_looked = new(4096, 8192);

    [Fact]
    public void How_a_file_system_cuts_extents_and_what_lies_beside_makes_no_other_number()
    {
        ulong whole = PrintOf(new Extent(0, 65536, 1 << 20, ExtentFlags.None));

        Assert.Equal(whole, PrintOf(new Extent(4096, 8192, (1 << 20) + 4096, ExtentFlags.Merged)));
        Assert.Equal(
            whole,
            PrintOf(
                new Extent(0, 8192, 1 << 20, ExtentFlags.Unwritten),
                new Extent(8192, 1 << 20, (1 << 20) + 8192, ExtentFlags.None)));
    }

    [Fact]
    public void Blocks_that_lie_elsewhere_or_are_shared_make_another_number()
    {
        ulong[] prints =
        [
            PrintOf(new Extent(0, 65536, 1 << 20, ExtentFlags.None)),
            PrintOf(new Extent(0, 65536, 2 << 20, ExtentFlags.None)),
            PrintOf(new Extent(0, 65536, 1 << 20, ExtentFlags.Shared)),
            PrintOf(new Extent(0, 8192, 1 << 20, ExtentFlags.None), new Extent(8192, 4096, 3 << 20, ExtentFlags.None)),
        ];

        Assert.Equal(prints.Distinct(), prints);
    }

    [Fact]
    public void What_does_not_stay_has_no_number()
    {
        SeenLayout.Builder builder = new(s_looked);
        builder.Add(new Extent(0, 65536, -1, ExtentFlags.Hole));

        Assert.Null(builder.Build(0));
    }

    private static ulong PrintOf(params Extent[] extents)
    {
        SeenLayout.Builder builder = new(s_looked);
        foreach (Extent extent in extents)
        {
            builder.Add(extent);
        }

        return builder.Build(0)!.Print;
    }
}
