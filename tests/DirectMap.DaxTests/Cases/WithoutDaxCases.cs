namespace DirectMap.DaxTests.Cases;

/// <summary>The same device and file system, mounted without DAX.</summary>
internal static class WithoutDaxCases
{
    internal static Case[] All { get; } =
    [
        new("a direct mapping is refused", setting =>
        {
            using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
            Expect.Equal(
                RefusalReason.NotDaxCapable, Expect.Throws<MapRefusedException>(() => file.Map(MapOptions.Direct), "Map").Reason, "reason");
        }),
        new("an emulated one says why it has no smaller granularity", setting =>
        {
            using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
            using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
            Expect.Equal(
                (true, PersistGranularity.Page, DurabilityKind.PageCache),
                (region.Facts.IsEmulated, region.Facts.Granularity.Value, region.Facts.Durability.Value),
                "facts");
            Expect.Contains(setting.Reason, region.Facts.Granularity.Reason, "the granularity's reason");
            Expect.True(!Setting.FlagsOf(region).Contains("sf"), "no MAP_SYNC");
        }),
        new("a cache line is refused with the missing fact", setting =>
        {
            using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
            MapRefusedException refused = Expect.Throws<MapRefusedException>(
                () => file.Map(MapOptions.DirectOrEmulated with { RequiredGranularity = PersistGranularity.CacheLine }), "Map");
            Expect.Equal(RefusalReason.GranularityUnavailable, refused.Reason, "reason");
            Expect.Contains(setting.Reason, refused.Message, "message");
        }),
    ];
}
