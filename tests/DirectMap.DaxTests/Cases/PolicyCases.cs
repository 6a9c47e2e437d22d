using DirectMap.FileSystems;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.DaxTests.Cases;

/// <summary>What the strict policy refuses on DAX.</summary>
internal static class PolicyCases
{
    internal static Case[] All { get; } =
    [
        new("a hole is refused for writing", setting => Refuses(setting, RefusalReason.Hole, path =>
        {
            using FileStream stream = File.Create(path);
            stream.SetLength(16 * Setting.Page);
        })),
        new("an unwritten extent is refused for writing", setting => Refuses(setting, RefusalReason.UnwrittenExtent, path =>
        {
            File.Create(path).Dispose();
            using DirectFile file = DirectFile.Open(path);
            file.Allocate(0, 16 * Setting.Page);
        })),
        new("at access a store to what is written is made, and one to a hole is refused", AtAccessHolesAreRefused),
        new(
            "an extent that is shared with a clone is refused, and a clone can be made of a mapped file only after its holder let go",
            SharedIsRefused),
    ];

    private static void Refuses(Setting setting, RefusalReason reason, Action<string> make)
    {
        make(setting["file"]);
        using DirectFile file = DirectFile.Open(setting["file"]);
        MapRefusedException refused = Expect.Throws<MapRefusedException>(() => file.Map(MapOptions.Direct), "Map");
        Expect.Equal(reason, refused.Reason, refused.Message);
        Expect.Equal(0, ProcSelf.MappingsOf(file.Path), "mappings of the file");
        Expect.Equal(0, file.GetLeases().Count, "leases");
    }

    private static void AtAccessHolesAreRefused(Setting setting)
    {
        using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page);
        file.SetLength(32 * Setting.Page);
        using MappedRegion region = file.Map(MapOptions.Direct with { PolicyCheck = PolicyCheck.AtAccess });
        region.Write(Setting.Page, 1L);
        region.Persist(Setting.Page, sizeof(long));
        MappingFaultException refused = Expect.Throws<MappingFaultException>(
            () => region.Write(20 * Setting.Page, 1L), "a store to a hole");
        Expect.Equal((FaultCause.Refused, RefusalReason.Hole), (refused.Cause, refused.Refusal), "cause and reason");
        Expect.Equal(1L, region.Read<long>(Setting.Page), "what was stored");
    }

    private static void SharedIsRefused(Setting setting)
    {
        LeaseCoordinator coordinator = new(new LeaseCoordinatorOptions { LeaseBreakTime = TimeSpan.FromMilliseconds(200) });
        DirectFileOptions options = new() { Coordinator = coordinator };
        using DirectFile file = DirectFile.Create(setting["file"], 16 * Setting.Page, options);
        using DirectFile copy = DirectFile.Create(setting["copy"], 16 * Setting.Page, options);
        using DirectFile other = DirectFile.Open(setting["file"], options);
        using MappedRegion region = file.Map(MapOptions.Direct);
        if (setting.FileSystem != "xfs")
        {
            Expect.Throws<NotSupportedException>(() => copy.CloneFrom(file), "CloneFrom where there are no shared extents");
            return;
        }

        copy.CloneFrom(other);

        Expect.Equal(RegionState.Revoked, region.State, "the region of what was cloned");
        foreach (DirectFile shared in (DirectFile[])[file, copy])
        {
            Expect.Equal(
                RefusalReason.SharedExtent,
                Expect.Throws<MapRefusedException>(() => shared.Map(MapOptions.Direct), "Map").Reason,
                "reason");
        }

        file.Prepare();
        using MappedRegion again = file.Map(MapOptions.Direct);
        again.PersistFill(0, 100, 1);
        Expect.Equal(0, copy.GetExtents().Count(extent => extent.Flags.HasFlag(ExtentFlags.Hole)), "holes of the copy");
        byte[] read = new byte[100];
        copy.Read(read, 0);
        Expect.Bytes(read, 0, "the copy");
    }
}
