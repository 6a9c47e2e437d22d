using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>What persists where the native library is missing.</summary>
internal static class PersistCases
{
    private static int Page => Environment.SystemPageSize;

    /// <summary>Argument: path.</summary>
    internal static int GranularitiesWithoutTheLibrary(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], 4 * Page);
        foreach (PersistGranularity emulated in (PersistGranularity[])[PersistGranularity.Byte, PersistGranularity.CacheLine])
        {
            MapRefusedException refused = Assert.Throws<MapRefusedException>(() =>
                file.Map(MapOptions.DirectOrEmulated with { EmulatedGranularity = emulated }));
            Assert.Equal(RefusalReason.GranularityUnavailable, refused.Reason);
            Assert.Contains($"{emulated} cannot be emulated here: ", refused.Message, StringComparison.Ordinal);
            Assert.Contains("libdirectmap.so", refused.Message, StringComparison.Ordinal);
        }

        using MappedRegion region = file.Map(
            MapOptions.DirectOrEmulated with
            {
                EmulatedGranularity = PersistGranularity.Page,
                RequiredGranularity = PersistGranularity.Page
            });
        Assert.Equal(PersistGranularity.Page, region.Facts.Granularity.Value);
        region.Write(0, 42L);
        region.WriteBack(0, 8);
        region.Drain();
        region.Persist();
        region.DeepFlush(0, region.Length);
        return 0;
    }

    /// <summary>The same content as elsewhere, by system calls. Argument: path.</summary>
    internal static int StoresWithoutTheLibrary(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], StoreModel.Length);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Assert.Equal(ContainmentKind.Copies, region.Facts.Containment.Value);
        StoreModel model = new(region);
        model.CheckEverything();
        model.CheckLargeMoves();
        return 0;
    }

    /// <summary>A page that is gone, on either side of each. Argument: path.</summary>
    internal static int LostWithoutTheLibrary(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], 16 * Page);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultReach = FaultReach.Page });
        LossTest.SetLengthOutside(arguments[0], 8 * Page);
        foreach ((Action store, FaultAccess access, FileRange range) in new (Action, FaultAccess, FileRange)[]
        {
            (() => region.PersistCopy((8 * Page) - 8, new byte[16]), FaultAccess.Write, new FileRange((8 * Page) - 8, 16)),
            (() => region.PersistFill(9 * Page, 10, 1), FaultAccess.Write, new FileRange(9 * Page, 10)),
            (() => region.PersistMove(9 * Page, 0, 10), FaultAccess.Write, new FileRange(9 * Page, 10)),
            (() => region.PersistMove(0, 9 * Page, 10), FaultAccess.Read, new FileRange(9 * Page, 10)),
        })
        {
            MappingFaultException fault = Assert.Throws<MappingFaultException>(store);
            Assert.Equal((FaultCause.BeyondEndOfFile, access, range), (fault.Cause, fault.Access, fault.Range));
        }

        region.PersistFill(0, 100, 7);
        region.PersistMove(200, 0, 100);
        Assert.Equal(7, File.ReadAllBytes(arguments[0])[299]);
        return 0;
    }
}
