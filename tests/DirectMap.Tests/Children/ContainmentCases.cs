using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Children;

internal static class ContainmentCases
{
    private const int Pages = 16;

    private static int Page => Environment.SystemPageSize;

    /// <summary>
    /// A file that is cut under a region. Arguments: path, FaultContainment, FileBackingKind. Where faults are not contained
    /// it ends the process.
    /// </summary>
    internal static int TruncateUnder(string[] arguments)
    {
        DirectFileOptions options = new() { Backing = Enum.Parse<FileBackingKind>(arguments[2]) };
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page, options);
        using MappedRegion region = file.Map(
            MapOptions.DirectOrEmulated with { FaultContainment = Enum.Parse<FaultContainment>(arguments[1]) });
        Console.WriteLine(region.Facts.Containment.Value);
        LossTest.SetLengthOutside(arguments[0], Page);
        try
        {
            region.Read<long>(5 * Page);
        }
        catch (MappingFaultException fault) when (fault.Cause == FaultCause.BeyondEndOfFile)
        {
            return 0;
        }

        return 1;
    }

    /// <summary>What each wish gets where the native library is missing. Argument: path.</summary>
    internal static int WithoutTheLibrary(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page);
        MapRefusedException refused = Assert.Throws<MapRefusedException>(() =>
            file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Required }));
        using MappedRegion automatic = file.Map(MapOptions.DirectOrEmulated);
        using MappedRegion off = file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Off });

        Assert.Equal((RefusalReason.FaultsNotContained, 95), (refused.Reason, refused.HResult));
        Assert.Contains("libdirectmap.so", refused.Message, StringComparison.Ordinal);
        Assert.Equal((ContainmentKind.Copies, ContainmentKind.None), (automatic.Facts.Containment.Value, off.Facts.Containment.Value));
        Assert.Contains("libdirectmap.so", automatic.Facts.Containment.Reason, StringComparison.Ordinal);
        Assert.Empty(automatic.GetLostRanges());
        Assert.Empty(automatic.RestoreLostPages());
        return 0;
    }

    /// <summary>Somebody else takes the signal over after this library has asked for it. Argument: path.</summary>
    internal static int WithAnotherHandler(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page);
        file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Required }).Dispose();
        PlainCalls.ResetBusSignal();

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() =>
            file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Required }));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal(RefusalReason.FaultsNotContained, refused.Reason);
        Assert.Contains("another SIGBUS handler", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ContainmentKind.Handler, region.Facts.Containment.Value);
        Assert.Contains(
            "if the one that was installed over it passes the signal on", region.Facts.Containment.Reason, StringComparison.Ordinal);
        return 0;
    }

    /// <summary>
    /// Without the library a file that loses pages while it is being mapped is refused with the fault, and nothing of it
    /// stays. Argument: path.
    /// </summary>
    internal static int CutWhileBeingMapped(string[] arguments)
    {
        ScissorsMap map = new(arguments[0], Pages * Page, 3 * Page);
        DirectFileOptions options = new() { BlockMap = map, Coordinator = new LeaseCoordinator() };
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page, options);
        map.IsSharp = true;

        MappingFaultException fault = Assert.Throws<MappingFaultException>(() => file.Map(MapOptions.DirectOrEmulated));

        Assert.Equal(
            (FaultCause.BeyondEndOfFile, FaultAccess.Read, new FileRange(3 * Page, Page)), (fault.Cause, fault.Access, fault.Lost!.Value));
        Assert.Equal(0, ProcSelf.MappingsOf(arguments[0]));
        Assert.Empty(options.Coordinator.Snapshot(file.Id).Leases);
        return 0;
    }

    /// <summary>Without the library the pages are asked for when they are mapped; that takes no block. Argument: path.</summary>
    internal static int MapASparseFile(string[] arguments)
    {
        using (FileStream stream = File.Create(arguments[0]))
        {
            stream.SetLength(1 << 20);
        }

        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.Ordinary);
        Assert.Equal(ContainmentKind.Copies, region.Facts.Containment.Value);
        using SafeFileHandle handle = PlainCalls.Open(arguments[0], PlainCalls.O_RDONLY);
        Assert.Empty(PlainCalls.Extents(handle));
        return 0;
    }

    /// <summary>
    /// More single lost pages than the process may have: then the whole region is lost, and the kernel's limit of mappings is never
    /// near. Argument: path.
    /// </summary>
    internal static int LoseMorePagesThanThereMayBe(string[] arguments)
    {
        int maxMappings = int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), System.Globalization.CultureInfo.InvariantCulture);
        int limit = maxMappings / 8;
        long pages = 1 + (2L * (limit + 100));
        using (FileStream stream = File.Create(arguments[0]))
        {
            stream.SetLength(pages * Page);
        }

        using DirectFile file = DirectFile.Open(arguments[0]);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page });
        using MappedRegion another = file.Map(
            MapOptions.Ordinary with { FaultReach = FaultReach.Page, Range = new FileRange(0, 4 * Page) });
        LossTest.SetLengthOutside(arguments[0], Page);
        using (RegionScope scope = region.OpenScope(0, (int)(pages * Page)))
        {
            int sum = 0;
            int most = 0;
            for (int lost = 0; lost < limit + 50; lost++)
            {
                sum += scope.ReadOnlySpan[(1 + (2 * lost)) * Page];
                if (lost == limit - 1)
                {
                    Assert.Equal(limit, region.GetLostRanges().Count);
                    Assert.Equal(0, region.Read<byte>(0));
                    most = File.ReadAllLines("/proc/self/maps").Length;
                }
            }

            Console.WriteLine($"{most} mappings at most, of {maxMappings}; {sum}");
            Assert.InRange(most, 2 * limit, maxMappings / 2);
        }

        Assert.Equal([new FileRange(0, pages * Page)], region.GetLostRanges());
        Assert.Equal(new FileRange(0, Page), Assert.Throws<MappingFaultException>(() => region.Read<byte>(0)).Lost);
        Assert.InRange(File.ReadAllLines("/proc/self/maps").Length, 1, limit);

        // The pages that were given up for it count no more, so another region loses single ones again.
        Assert.Throws<MappingFaultException>(() => another.Read<byte>(2 * Page));
        Assert.Equal([new FileRange(2 * Page, Page)], another.GetLostRanges());
        LossTest.SetLengthOutside(arguments[0], pages * Page);
        Assert.Empty(region.RestoreLostPages());
        region.Write(Page, 42L);
        Assert.Equal(42L, another.Read<long>(Page));
        Assert.Equal(0L, region.Read<long>(0));
        return 0;
    }

    /// <summary>
    /// The kernel gives no anonymous memory, as under vm.overcommit_memory=2: a file in memory takes the lost page's place. Arguments:
    /// path, "one" (a fault before has made the region's table) or "whole" (there is none, so all pages are lost).
    /// </summary>
    internal static unsafe int LoseAPageWithoutAnonymousMemory(string[] arguments)
    {
        bool hasTable = arguments[1] == "one";
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page });
        using MappedRegion warm = file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page });
        LossTest.SetLengthOutside(arguments[0], Page);
        Assert.Throws<MappingFaultException>(() => warm.Read<byte>(Page));
        if (hasTable)
        {
            Assert.Throws<MappingFaultException>(() => region.Read<byte>(9 * Page));
        }

        Assert.Equal(0, PlainCalls.LimitPrivateMemory(ulong.MaxValue).Errno);
        byte* lost = region.AddressOf(5 * Page);

        // In between nothing may ask for memory.
        _ = PlainCalls.LimitPrivateMemory(4096);
        byte read = Volatile.Read(ref *lost);
        Volatile.Write(ref *(lost + 1), 7);
        _ = PlainCalls.LimitPrivateMemory(ulong.MaxValue);

        Assert.Equal(0, read);
        string maps = File.ReadAllText("/proc/self/maps");
        Assert.Contains("memfd:directmap-sink", maps, StringComparison.Ordinal); // or the test proves nothing
        Assert.Equal(
            hasTable ? [new FileRange(5 * Page, Page), new FileRange(9 * Page, Page)] : [new FileRange(0, Pages * Page)],
            region.GetLostRanges());
        Assert.Throws<MappingFaultException>(() => region.Read<byte>(5 * Page));
        LossTest.SetLengthOutside(arguments[0], Pages * Page);
        Assert.Empty(region.RestoreLostPages());
        Assert.Equal(0, region.Read<short>(5 * Page));
        Assert.DoesNotContain("memfd:directmap-sink", File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        return 0;
    }

    /// <summary>Cuts the file when it is asked for extents.</summary>
    private sealed class ScissorsMap(string path, long length, long rest) : IBlockMap
    {
        private readonly EmulatedBlockMap _map = new(length);

        internal bool IsSharp { get; set; }

        public int GetExtents(FileRange range, Memory<Extent> extents)
        {
            if (IsSharp)
            {
                LossTest.SetLengthOutside(path, rest);
            }

            return _map.GetExtents(range, extents);
        }
    }
}
