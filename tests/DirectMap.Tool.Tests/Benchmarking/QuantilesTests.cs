using DirectMap.Tool.Benchmarking;

namespace DirectMap.Tool.Tests.Benchmarking;

public sealed class QuantilesTests
{
    [Fact]
    public void Of_a_hundred_times_they_are_the_fiftieth_and_the_ninety_ninth()
    {
        Quantiles quantiles = Quantiles.Of([.. Enumerable.Range(1, 100).Reverse().Select(i => TimeSpan.FromMicroseconds(i))]);

        Assert.Equal(
            (TimeSpan.FromMicroseconds(50), TimeSpan.FromMicroseconds(99), 100), (quantiles.Median, quantiles.P99, quantiles.Samples));
    }

    [Fact]
    public void Of_one_time_they_are_that_time() =>
        Assert.Equal(new Quantiles(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 1), Quantiles.Of([TimeSpan.FromSeconds(1)]));

    [Fact]
    public void Of_two_times_the_worse_one_is_the_ninety_ninth() =>
        Assert.Equal(
            new Quantiles(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), 2),
            Quantiles.Of([TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)]));
}
