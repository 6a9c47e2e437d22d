using System.Globalization;
using DirectMap.Backings;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>What takes the place of pages where the kernel has little to give. The limits hold for the whole process.</summary>
internal static unsafe class SinkCases
{
    private const int Pages = 16;
    private const long Large = 4L << 30;

    private static int Page => Environment.SystemPageSize;

    /// <summary>
    /// A lost page where there is neither anonymous memory nor a file of that size. Arguments: path, "one" (a fault before has made the
    /// region's table) or "whole" (there is none, so all pages are lost), the limit of file sizes in pages.
    /// </summary>
    internal static int LoseAPageUnderALimitOfFileSizes(string[] arguments)
    {
        bool hasTable = arguments[1] == "one";
        int limit = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page);
        using MappedRegion region = file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page });
        using MappedRegion warm = file.Map(MapOptions.Ordinary with { FaultReach = FaultReach.Page });
        LossTest.SetLengthOutside(arguments[0], Page);
        Assert.Throws<MappingFaultException>(() => warm.Read<byte>(Page));
        if (hasTable)
        {
            Assert.Throws<MappingFaultException>(() => region.Read<byte>(9 * Page));
        }

        Assert.Equal(0, PlainCalls.LimitFileSize(limit * Page).Errno);
        Assert.Equal(0, PlainCalls.LimitPrivateMemory(ulong.MaxValue).Errno);
        byte* lost = region.AddressOf(5 * Page);

        // In between nothing may ask for memory.
        _ = PlainCalls.LimitPrivateMemory(4096);
        byte read = Volatile.Read(ref *lost);
        Volatile.Write(ref *(lost + 1), 7);
        _ = PlainCalls.LimitPrivateMemory(ulong.MaxValue);

        Assert.Equal(0, read);
        bool fits = limit >= (hasTable ? 1 : Pages);
        Assert.Equal(fits, ProcSelf.MappingsOf("memfd:directmap-sink") > 0);
        Assert.Equal(!fits, ProcSelf.MappingsOf("/dev/zero") > 0); // so the kernel calls shared memory without a file
        Assert.Equal(
            hasTable ? [new FileRange(5 * Page, Page), new FileRange(9 * Page, Page)] : [new FileRange(0, Pages * Page)],
            region.GetLostRanges());
        Assert.Equal(0, PlainCalls.LimitFileSize(Pages * Page).Errno);
        LossTest.SetLengthOutside(arguments[0], Pages * Page);
        Assert.Empty(region.RestoreLostPages());
        Assert.Equal(0, region.Read<short>(5 * Page));
        return 0;
    }

    /// <summary>
    /// A region that goes where there is neither anonymous memory nor a file of its size. Arguments: path, "Dispose" or "Revoke", the limit
    /// of file sizes in bytes.
    /// </summary>
    internal static int TakeAwayUnderALimitOfFileSizes(string[] arguments)
    {
        using (FileStream sparse = File.Create(arguments[0]))
        {
            sparse.SetLength(Large);
        }

        DirectFileOptions options = new() { FaultPolicy = FaultPolicies.Permissive };
        using DirectFile file = DirectFile.Open(arguments[0], options);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Action<MappedRegion> takeAway = arguments[1] == "Dispose"
            ? region => region.Dispose()
            : region => region.Core.Mapping.Invalidate(MappingLife.Revoked);
        CompileWhatReplacesPages(file, takeAway);
        Assert.Equal(0, PlainCalls.LimitFileSize(long.Parse(arguments[2], CultureInfo.InvariantCulture)).Errno);

        // In between nothing may ask for memory.
        _ = PlainCalls.LimitPrivateMemory(4096);
        takeAway(region);
        _ = PlainCalls.LimitPrivateMemory(ulong.MaxValue);

        Assert.Equal(0, ProcSelf.MappingsOf(arguments[0]));
        Assert.Equal(1, ProcSelf.MappingsOf("/dev/zero")); // or the test proves nothing
        Assert.Equal(
            arguments[1] == "Dispose" ? typeof(ObjectDisposedException) : typeof(MappingFaultException),
            Record.Exception(() => region.Write(0, 1L))!.GetType());
        return 0;
    }

    /// <summary>Each way to replace pages is gone once before there is no memory to compile it.</summary>
    private static void CompileWhatReplacesPages(DirectFile file, Action<MappedRegion> takeAway)
    {
        MappedRegion warm = file.Map(MapOptions.DirectOrEmulated with { Range = new FileRange(0, Page) });
        Assert.Equal(0, PlainCalls.LimitPrivateMemory(ulong.MaxValue).Errno);
        Assert.Equal(0, PageSink.TryReplaceByMemoryFile(warm.Core.Mapping.Start, (nuint)Page, writable: true));
        Assert.Equal(0, Mmap.TryReplaceByAnonymous(warm.Core.Mapping.Start, (nuint)Page, writable: true, isShared: true));
        takeAway(warm);
        warm.Dispose();
    }
}
