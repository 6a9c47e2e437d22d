namespace DirectMap.Tests.Regions;

/// <summary>What is asked of a mapping, as a mode and as mmap's flags.</summary>
public sealed class MapOptionsTests
{
    private const int EOPNOTSUPP = 95;

    [Theory]
    [InlineData(MapFlags.None, "only shared mappings (MAP_SHARED, MAP_SHARED_VALIDATE) are made")]
    [InlineData((MapFlags)0x2, "only shared mappings (MAP_SHARED, MAP_SHARED_VALIDATE) are made")] // MAP_PRIVATE
    [InlineData(MapFlags.Direct, "MAP_DIRECT goes only with MAP_SHARED_VALIDATE")]
    [InlineData(MapFlags.Shared | MapFlags.Direct, "MAP_DIRECT goes only with MAP_SHARED_VALIDATE")] // MAP_SHARED takes no further flags
    [InlineData((MapFlags)0x80000 | MapFlags.SharedValidate | MapFlags.Direct, "flags 0x80000 are not known")] // MAP_SYNC
    [InlineData((MapFlags)0x80000 | MapFlags.Shared, "flags 0x80000 are not known")]
    [InlineData((MapFlags)0x10 | MapFlags.SharedValidate | MapFlags.Direct, "flags 0x10 are not known")] // MAP_FIXED
    [InlineData((MapFlags)(1UL << 63) | MapFlags.SharedValidate | MapFlags.Direct, "flags 0x8000000000000000 are not known")]
    public void A_flag_that_is_not_known_is_EOPNOTSUPP_and_never_ignored(MapFlags flags, string why)
    {
        NotSupportedException refused = Assert.Throws<NotSupportedException>(() => MapOptions.FromFlags(flags));

        Assert.Equal((EOPNOTSUPP, $"{why} (EOPNOTSUPP)"), (refused.HResult, refused.Message));
    }

    [Fact]
    public void Random_flags_are_the_three_that_mean_something_or_are_refused()
    {
        Random random = new(1);
        int known = 0;
        for (int at = 0; at < 100_000; at++)
        {
            // Few bits, mostly those that mean something.
            MapFlags flags = (MapFlags)random.Next(4);
            flags |= random.Next(2) == 0 ? MapFlags.Direct : 0;
            flags |= random.Next(2) == 0 ? (MapFlags)(1UL << random.Next(64)) : 0;
            bool isKnown = flags is MapFlags.Shared or MapFlags.SharedValidate or (MapFlags.SharedValidate | MapFlags.Direct);

            Exception? refused = Record.Exception(() => MapOptions.FromFlags(flags));

            Assert.Equal(isKnown, refused is null);
            Assert.True(isKnown || refused is NotSupportedException { HResult: EOPNOTSUPP });
            known += isKnown ? 1 : 0;
        }

        Assert.InRange(known, 10_000, 90_000);
    }

    [Fact]
    public void Flags_and_modes_say_the_same()
    {
        Assert.Equal(MapOptions.Direct, MapOptions.FromFlags(MapFlags.SharedValidate | MapFlags.Direct));
        Assert.Equal(MapOptions.Ordinary, MapOptions.FromFlags(MapFlags.Shared));
        Assert.Equal(MapOptions.Ordinary, MapOptions.FromFlags(MapFlags.SharedValidate));
        Assert.All(Enum.GetValues<MapMode>(), mode => Assert.Equal(
            mode == MapMode.Ordinary ? MapFlags.Shared : MapFlags.SharedValidate | MapFlags.Direct, new MapOptions { Mode = mode }.Flags));
    }

    [Fact]
    public void Without_a_word_a_mapping_is_direct_and_emulated_where_it_has_to_be()
    {
        Assert.Equal(MapMode.DirectOrEmulated, MapOptions.Default.Mode);
        Assert.Equal(MapOptions.DirectOrEmulated, new MapOptions());
    }

    [Theory]
    [InlineData(-2L)]
    [InlineData((long)int.MaxValue + 1)]
    public void A_drain_time_is_none_that_no_timer_takes(long milliseconds) => Assert.Throws<ArgumentOutOfRangeException>(
        () => new MapOptions { DrainTime = TimeSpan.FromMilliseconds(milliseconds) });

    [Theory]
    [InlineData(-1L)]
    [InlineData(0L)]
    [InlineData((long)int.MaxValue)]
    public void A_drain_time_may_be_none_or_for_ever(long milliseconds) => Assert.Equal(
        milliseconds, new MapOptions { DrainTime = TimeSpan.FromMilliseconds(milliseconds) }.DrainTime.TotalMilliseconds);
}
