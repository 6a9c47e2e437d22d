using System.Numerics;
using DirectMap.Linux;
using FsCheck;
using FsCheck.Fluent;

namespace DirectMap.Tests.Linux;

/// <summary>Rounding to pages and other units is what numbers without an end say, up to the last byte that there can be.</summary>
public sealed class RoundingTests
{
    private static readonly long[] s_units =
        [1, 2, 3, 512, 4096, 65536, 2 << 20, 3 << 20, 1L << 40, (1L << 62) - 1, 1L << 62, long.MaxValue];

    [Fact]
    public void It_is_what_numbers_without_an_end_say() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => Compare(new Random(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void What_is_a_multiple_stays_also_the_last_one_there_is()
    {
        long last = long.MaxValue - 4095;

        Assert.Equal((last, last), (Rounding.Up(last, 4096), Rounding.Down(last, 4096)));
        Assert.Equal((long.MaxValue, last), (Rounding.Up(last + 1, 4096), Rounding.Down(last + 1, 4096)));
        Assert.Equal(new FileRange(0, long.MaxValue), Rounding.WholePages(FileRange.Whole));
        Assert.Equal(1 << 30, Rounding.PageUp(1 << 30));
        Assert.Equal(1 << 30, Rounding.PageDown((1 << 30) + 1));
    }

    private static void Compare(Random random)
    {
        long one = Offset(random), other = Offset(random), unit = s_units[random.Next(s_units.Length)];
        BigInteger down = new BigInteger(one) / unit * unit, up = (new BigInteger(one) + unit - 1) / unit * unit;

        Assert.Equal(down, Rounding.Down(one, unit));
        Assert.Equal(BigInteger.Min(up, long.MaxValue), Rounding.Up(one, unit));
        Assert.Equal((new BigInteger(one) + unit - 1) / unit, Rounding.Count(one, unit));

        FileRange range = new(Math.Min(one, other), Math.Abs(one - other)), whole = Rounding.Out(range, unit);
        Assert.Equal(Rounding.Down(range.Offset, unit), whole.Offset);
        Assert.Equal(Rounding.Up(range.End, unit), whole.End);
        Assert.True(whole.Contains(range), $"{whole} holds {range}");

        long page = Environment.SystemPageSize;
        Assert.Equal((Rounding.Down(one, page), Rounding.Up(one, page)), (Rounding.PageDown(one), Rounding.PageUp(one)));
        Assert.Equal(Rounding.Out(range, page), Rounding.WholePages(range));
    }

    /// <summary>Anywhere, and often near a multiple or near the end.</summary>
    private static long Offset(Random random) => random.Next(4) switch
    {
        0 => random.NextInt64(),
        1 => random.Next(20_000),
        2 => long.MaxValue - random.Next(20_000),
        _ => Math.Clamp((random.NextInt64() / 4096 * 4096) + random.Next(-2, 3), 0, long.MaxValue),
    };
}
