using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Children;

/// <summary>Threads that have SIGBUS blocked, and system calls that are forbidden.</summary>
internal static class SignalCases
{
    private const int Pages = 4;

    private static int Page => Environment.SystemPageSize;

    /// <summary>What is promised to a thread that has it blocked, and after it has unblocked it. Argument: path.</summary>
    internal static int MapWhileBlocked(string[] arguments) => InAThread(() =>
    {
        MapOptions required = MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Required };
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page);
        Assert.False(FaultSignal.IsBlocked);
        Assert.Equal(0, PlainCalls.BlockBusSignal(true).Errno);
        Assert.True(FaultSignal.IsBlocked);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() => file.Map(required));
        using MappedRegion automatic = file.Map(MapOptions.DirectOrEmulated);
        FaultSignal.Unblock();
        using MappedRegion region = file.Map(required);

        Assert.Equal(RefusalReason.FaultsNotContained, refused.Reason);
        Assert.Contains("has SIGBUS blocked", refused.Message, StringComparison.Ordinal);
        Assert.Equal(ContainmentKind.Handler, automatic.Containment.Kind);
        Assert.Contains("has SIGBUS blocked", automatic.Containment.Reason, StringComparison.Ordinal);
        Assert.False(FaultSignal.IsBlocked);
        Assert.Equal(new RegionContainment(ContainmentKind.Handler, "a SIGBUS handler marks the lost pages"), region.Containment);
        LossTest.SetLengthOutside(arguments[0], Page);
        Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.Read<byte>(2 * Page)).Cause);
        return 0;
    });

    /// <summary>A thread that did not map the region has SIGBUS blocked, and faults. Arguments: path, "blocked" or "unblocked".</summary>
    internal static int FaultWhileBlocked(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page);
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Required });
        LossTest.SetLengthOutside(arguments[0], Page);
        return InAThread(() =>
        {
            Assert.Equal(0, PlainCalls.BlockBusSignal(true).Errno);
            if (arguments[1] == "unblocked")
            {
                FaultSignal.Unblock();
            }

            Assert.Equal(FaultCause.BeyondEndOfFile, Assert.Throws<MappingFaultException>(() => region.Read<byte>(2 * Page)).Cause);
            return 0;
        });
    }

    /// <summary>Neither the native library nor process_vm_readv. Argument: path.</summary>
    internal static int WithoutLibraryAndCopies(string[] arguments)
    {
        using DirectFile file = DirectFile.Create(arguments[0], Pages * Page);
        Assert.Equal(0, PlainCalls.ForbidProcessVmReads().Errno);

        MapRefusedException refused = Assert.Throws<MapRefusedException>(() =>
            file.Map(MapOptions.DirectOrEmulated with { FaultContainment = FaultContainment.Required }));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);

        Assert.Equal((RefusalReason.FaultsNotContained, 95), (refused.Reason, refused.HResult));
        Assert.Equal(ContainmentKind.None, region.Containment.Kind);
        Assert.Contains("libdirectmap.so", region.Containment.Reason, StringComparison.Ordinal);
        Assert.Contains("nor can copies be made by system calls (EPERM)", region.Containment.Reason, StringComparison.Ordinal);
        Assert.Equal(region.Containment.Reason, refused.Detail);
        region.CopyFrom(Page, [1, 2, 3]);
        byte[] copied = new byte[3];
        region.CopyTo(Page, copied);
        Assert.Equal([1, 2, 3], copied);
        return 0;
    }

    /// <summary>The process's first thread keeps its signals.</summary>
    private static int InAThread(Func<int> body)
    {
        int result = -1;
        Exception? failure = null;
        Thread thread = new(() => failure = Record.Exception(() => result = body()));
        thread.Start();
        thread.Join();
        Console.WriteLine(failure);
        return failure is null ? result : 1;
    }
}
