using System.Globalization;
using DirectMap.Breakers;
using DirectMap.Tests.Breakers.Holding;
using DirectMap.Tests.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Children;

/// <summary>A holder that has a process to itself.</summary>
internal static class HoldingCases
{
    /// <summary>Holds a file, and does not let go. Arguments: path, break time in milliseconds. Then a line: exit, or exec.</summary>
    internal static int Hold(string[] arguments)
    {
        TimeSpan breakTime = TimeSpan.FromMilliseconds(int.Parse(arguments[1], CultureInfo.InvariantCulture));
        DirectFile file = DirectFile.Open(arguments[0], HoldingTest.OptionsOf(breakTime));
        MappedRegion region = file.Map(new MapOptions { OnBreak = (_, _) => Console.WriteLine("breaking") });
        Console.WriteLine("ready");
        switch (Console.ReadLine())
        {
            case "exec":
                return PlainCalls.BecomeProgram("/bin/cat").Errno;
            case "exit":
                GC.KeepAlive(region);
                return 0;
            default:
                return 1;
        }
    }

    /// <summary>A thread of the engine fails while somebody waits. Arguments: path, program.</summary>
    internal static int LoseReader(string[] arguments)
    {
        DirectFileOptions options = HoldingTest.OptionsOf(HoldingTest.Long);
        using DirectFile file = DirectFile.Open(arguments[0], options);
        using DirectFile lenient = DirectFile.Open(
            arguments[0], options with { Guard = GuardOptions.Preferred(ProtectionLevel.Proved) });
        using ManualResetEventSlim broken = new();
        using MappedRegion required = file.Map(new MapOptions { OnBreak = (_, _) => broken.Set() });
        using MappedRegion preferred = lenient.Map();
        List<Protection> changes = [];
        preferred.ProtectionChanged += (_, now) =>
        {
            lock (changes)
            {
                changes.Add(now);
            }
        };
        using ForeignProcess waiting = Writer(arguments);
        using ForeignProcess other = Writer(arguments);
        Task<ForeignProcess.Answer> writing = waiting.Begin("pwrite 0 10");
        Assert.True(broken.Wait(Soon.Patience));

        foreach (HoldingGroup group in HoldingEngine.OfProcess.MadeGroups())
        {
            group.Fail();
        }

        Assert.Equal(ForeignProcess.EBUSY, other.Do("pread 0 10").Errno); // Its event ends the thread.
        Assert.Equal(ForeignProcess.EBUSY, writing.Within().GetAwaiter().GetResult().Errno);
        Assert.Equal(0, preferred.Read<byte>(0));
        Soon.Until(() => required.State == RegionState.Revoked, "what required the level is revoked");
        Assert.Equal(FaultCause.ProtectionLost, Assert.Throws<MappingFaultException>(() => required.Read<byte>(0)).Cause);
        Soon.Until(() => Count(changes) > 0, "the level drops");
        Assert.InRange(changes[0].Level, ProtectionLevel.ThisProcess, ProtectionLevel.Watched);
        Assert.Contains("a test ends it", changes[0].Reason, StringComparison.Ordinal);
        Soon.Until(() => preferred.Protection.Level == ProtectionLevel.Watched, "changes are noticed again");
        Assert.Equal(0, File.ReadAllBytes(file.Path)[0]);

        waiting.Kill();
        other.Kill();
        preferred.Dispose();
        using MappedRegion again = file.MapAsync(
            new MapOptions { WhenUnavailable = WhenUnavailable.Wait, OnBreak = (region, _) => region.Dispose() })
            .AsTask().Within().GetAwaiter().GetResult();
        Assert.Equal(ProtectionLevel.Proved, again.Protection.Level);
        using ForeignProcess late = Writer(arguments);
        Assert.Equal(0, late.Do("pwrite 0 10").Errno);
        Assert.NotEqual(RegionState.Active, again.State);
        return 0;

        static int Count(List<Protection> list)
        {
            lock (list)
            {
                return list.Count;
            }
        }
    }

    /// <summary>This process has no descriptor left while others read and write. Arguments: path, program.</summary>
    internal static int RunOutOfDescriptors(string[] arguments)
    {
        using DirectFile file = DirectFile.Open(arguments[0], HoldingTest.OptionsOf(HoldingTest.Short));
        using MappedRegion region = file.Map();
        using ForeignProcess writer = Writer(arguments);
        using ForeignProcess reader = Writer(arguments);
        using ForeignProcess crowd = ForeignProgram.StartAt(arguments[1], [], "crowd", arguments[0], 100, 20, 64);
        Assert.Equal("ready", crowd.ReadLine().Within().GetAwaiter().GetResult());
        int answered = 0;
        Assert.Equal(0, reader.Do("pread 0 10").Errno); // All that the engine needs is loaded by now.
        List<SafeFileHandle> taken = [];
        using SafeFileHandle one = File.OpenHandle("/dev/null");
        Assert.Equal(0, PlainCalls.LimitDescriptors(Directory.GetFiles("/proc/self/fd").Length + 64).Errno);
        try
        {
            while (PlainCalls.TryDuplicate(one) is { } duplicate)
            {
                taken.Add(duplicate);
            }

            Assert.NotEmpty(taken);
            Task<string> first = crowd.Ask("go");
            for (int round = 0; round < 50; round++)
            {
                answered += reader.Do("pread 0 10").Errno == 0 ? 1 : 0;
            }

            ForeignProcess.Answer written = writer.Do("pwrite 0 10");
            Console.WriteLine($"{answered} of 50 reads, and a write: {written}; {region.State}, {region.Protection}");
            // What nobody can look at may be a mapping. Then the level falls, and what required it is revoked.
            if (region.State == RegionState.Active && region.Protection.Level == ProtectionLevel.Proved)
            {
                Assert.NotEqual(0, written.Errno);
                Assert.Equal(0, region.Read<byte>(0));
            }

            _ = first.Within().GetAwaiter().GetResult();
            _ = crowd.End();
        }
        finally
        {
            taken.ForEach(handle => handle.Dispose());
        }

        Assert.Equal(0, reader.Do("pread 0 10").Errno);
        reader.Kill();
        writer.Kill();
        HoldingTest.AssertCanBeMapped(file);
        Assert.Equal(ProtectionLevel.Proved, file.Protection.Level);
        return 0;
    }

    private static ForeignProcess Writer(string[] arguments)
    {
        ForeignProcess other = ForeignProgram.StartAt(arguments[1], [], "told", arguments[0]);
        Assert.Equal(0, other.Do($"open {ForeignProcess.O_RDWR}").Errno);
        return other;
    }
}
