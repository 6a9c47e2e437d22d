using System.Collections.Concurrent;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>
/// The base of tests in which other processes' calls on a file of the temp folder wait. Breaks run by the system's clock.
/// </summary>
public abstract class HoldingTest : FileTest
{
    private readonly ForeignProgram _program;
    private readonly List<ForeignProcess> _others = [];

    internal HoldingTest(ForeignProgram program)
    {
        Requires.Holding();
        _program = program;
    }

    /// <summary>What each break was, in order.</summary>
    internal ConcurrentQueue<LeaseBreak> Told { get; } = new();

    /// <summary>A break time that no test waits for.</summary>
    internal static TimeSpan Long { get; } = TimeSpan.FromSeconds(40);

    internal static TimeSpan Short { get; } = TimeSpan.FromMilliseconds(300);

    /// <summary>No other process has the file open any more.</summary>
    internal void EndOthers()
    {
        _others.ForEach(one => one.Dispose());
        _others.Clear();
    }

    public override void Dispose()
    {
        EndOthers();
        base.Dispose();
    }

    /// <summary>A guarded file, without a hole.</summary>
    internal DirectFile Guarded(
        TimeSpan breakTime, ProtectionLevel level = ProtectionLevel.Proved, string name = "file.pmem", int length = 64 << 10)
    {
        string path = Folder.File(name);
        if (!File.Exists(path))
        {
            File.WriteAllBytes(path, new byte[length]);
        }

        DirectFileOptions options = OptionsOf(breakTime, level);
        Arbiter = (LeaseCoordinator)options.Coordinator!;
        return DirectFile.Open(path, options);
    }

    /// <summary>The one that the last file was opened with.</summary>
    internal LeaseCoordinator Arbiter { get; private set; } = null!;

    internal static DirectFileOptions OptionsOf(TimeSpan breakTime, ProtectionLevel level = ProtectionLevel.Proved) => new()
    {
        Coordinator = new LeaseCoordinator(new LeaseCoordinatorOptions { LeaseBreakTime = breakTime }),
        Backing = FileBackingKind.Linux,
        Guard = GuardOptions.Required(level),
    };

    /// <summary>A region whose breaks are noted, and not answered.</summary>
    internal MappedRegion Map(DirectFile file, LeaseMode mode = LeaseMode.Shared) => file.Map(new MapOptions
    {
        LeaseMode = mode,
        OnBreak = (_, told) => Told.Enqueue(told),
    });

    /// <summary>Another process that does as it is told, with the file open for reading and writing.</summary>
    internal ForeignProcess Writer(string name = "file.pmem")
    {
        ForeignProcess other = Start("told", name);
        Assert.Equal(0, other.Do($"open {ForeignProcess.O_RDWR}").Errno);
        return other;
    }

    /// <summary>For children that start it themselves.</summary>
    internal string ProgramPath => _program.Path;

    internal ForeignProcess Start(string mode, string name = "file.pmem", params long[] arguments) =>
        StartUnder([], mode, name, arguments);

    internal ForeignProcess StartUnder(string[] command, string mode, string name, params long[] arguments)
    {
        ForeignProcess other = _program.StartUnder(command, mode, Folder.File(name), arguments);
        _others.Add(other);
        return other;
    }

    internal void AwaitBreaks(int count = 1) => Soon.Until(() => Told.Count >= count, $"{count} breaks are told");

    /// <summary>A new lease is had soon, so nothing of those before is left.</summary>
    internal static void AssertCanBeMapped(DirectFile file)
    {
        using MappedRegion region = file.MapAsync(
            new MapOptions { WhenUnavailable = WhenUnavailable.Wait }).AsTask().Within().GetAwaiter().GetResult();
        Assert.Equal(RegionState.Active, region.State);
    }
}
