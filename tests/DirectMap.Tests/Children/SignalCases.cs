using System.Globalization;
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
        Assert.Equal(ContainmentKind.Handler, automatic.Facts.Containment.Value);
        Assert.Contains("has SIGBUS blocked", automatic.Facts.Containment.Reason, StringComparison.Ordinal);
        Assert.False(FaultSignal.IsBlocked);
        Assert.Equal(
            new Stated<ContainmentKind>(ContainmentKind.Handler, "a SIGBUS handler marks the lost pages"), region.Facts.Containment);
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

    /// <summary>Threads of the library's are begun by one that has SIGBUS blocked. Argument: path.</summary>
    internal static int BeginThreadsWhileBlocked(string[] arguments) => InAThread(() =>
    {
        DirectFileOptions options = new() { Coordinator = new LeaseCoordinator() };
        using DirectFile file = DirectFile.Create(arguments[0], 1 << 20, options);
        using DirectFile other = DirectFile.Open(arguments[0], options);
        using PersistentLog log = PersistentLog.Create(file.Map(MapOptions.Ordinary));
        using PersistentLogFollower follower = PersistentLogFollower.Open(
            other.Map(MapOptions.Ordinary with { Access = MappingAccess.Read }));
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated with { OnBreak = (region, _) => region.Dispose() });
        Assert.Equal(0, PlainCalls.BlockBusSignal(true).Errno);

        using (ILayoutRight right = other.BreakLayout(FileRange.Whole)) // by the thread of deadlines, and that which looks at callbacks
        using (CancellationTokenSource stop = new())
        {
            IAsyncEnumerator<PersistentLogEntry> entries = follower.FollowAsync(cancellationToken: stop.Token).GetAsyncEnumerator(
                stop.Token);
            Task next = entries.MoveNextAsync().AsTask();
            Soon.Until(() => Own().Count() >= 3 && !Own().Any(IsBlockedIn), "three threads of the library's take the signal");
            stop.Cancel();
            Assert.NotNull(Record.Exception(() => next.Wait(Soon.Patience)));
        }

        Assert.True(FaultSignal.IsBlocked); // or the test proves nothing
        return 0;

        // Names are cut off after 15 bytes.
        static IEnumerable<string> Own() => Directory.GetDirectories("/proc/self/task")
            .Where(task => NameOf(task).StartsWith("DirectMap l", StringComparison.Ordinal));
    });

    private static string NameOf(string task) => Soften(() => File.ReadAllText(Path.Combine(task, "comm")));

    private static bool IsBlockedIn(string task)
    {
        string? line = Soften(() => File.ReadAllText(Path.Combine(task, "status"))).Split('\n')
            .FirstOrDefault(line => line.StartsWith("SigBlk:", StringComparison.Ordinal));
        return line is not null
            && (ulong.Parse(line["SigBlk:".Length..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 0x40) != 0; // 7 is SIGBUS
    }

    /// <summary>A thread may end meanwhile.</summary>
    private static string Soften(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return "";
        }
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
        Assert.Equal(ContainmentKind.None, region.Facts.Containment.Value);
        Assert.Contains("libdirectmap.so", region.Facts.Containment.Reason, StringComparison.Ordinal);
        Assert.Contains("nor can copies be made by system calls (EPERM)", region.Facts.Containment.Reason, StringComparison.Ordinal);
        Assert.Equal(region.Facts.Containment.Reason, refused.Detail);
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
