using DirectMap.Tests.Infrastructure;
using DirectMap.Tests.Logs;

namespace DirectMap.Tests.Children;

/// <summary>Another process that appends to the log of <see cref="AppenderTest"/>, or wants to. The first argument is the path.</summary>
internal static class LogAppenderCases
{
    /// <summary>Opens it, appends a record, and lives until it is told to end; or prints why it cannot.</summary>
    internal static int Hold(string[] arguments) => With(arguments, region =>
    {
        using PersistentLog log = PersistentLog.Open(region, AppenderTest.Where);
        Console.WriteLine($"appended {log.Append([100])}");
        Console.ReadLine();
    });

    /// <summary>The same, and has a process of its own that outlives it.</summary>
    internal static int HoldWithChild(string[] arguments) => With(arguments, region =>
    {
        using PersistentLog log = PersistentLog.Open(region, AppenderTest.Where);
        using System.Diagnostics.Process child = ChildProcess.Start(LockCases.Live);
        Console.WriteLine($"{child.Id} {child.StandardOutput.ReadLine()}");
        Console.ReadLine();
        child.StandardInput.WriteLine();
        child.WaitForExit();
    });

    /// <summary>Opens it and detaches; attaches at each line of input, and says what came of it; ends with "end".</summary>
    internal static int DetachAndAttach(string[] arguments) => With(arguments, region =>
    {
        using PersistentLog log = PersistentLog.Open(region, AppenderTest.Where);
        log.Append([1]);
        log.Detach();
        Console.WriteLine("detached");
        while (Console.ReadLine() is "attach")
        {
            Tell(() =>
            {
                log.Attach(region);
                Console.WriteLine($"appended {log.Append([3])}");
            });
        }
    });

    /// <summary>Opens it so often, with a record each time, and prints how often it was refused. Second argument: how often.</summary>
    internal static int TakeTurns(string[] arguments) => With(arguments, region =>
    {
        int turns = int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture), refused = 0;
        while (turns > 0)
        {
            try
            {
                using PersistentLog log = PersistentLog.Open(region, AppenderTest.WithRoom);
                log.Append([(byte)turns]);
                turns--;
            }
            catch (PersistentLogException taken) when (taken.Error == PersistentLogError.Taken)
            {
                refused++;
            }
        }

        Console.WriteLine(refused);
    });

    private static int With(string[] arguments, Action<MappedRegion> use)
    {
        using DirectFile file = DirectFile.Open(arguments[0], new DirectFileOptions { Backing = Kind(arguments) });
        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        Tell(() => use(region));
        return 0;
    }

    private static FileBackingKind Kind(string[] arguments) =>
        Enum.TryParse(arguments[^1], out FileBackingKind kind) && !char.IsDigit(arguments[^1][0]) ? kind : FileBackingKind.Linux;

    private static void Tell(Action action)
    {
        try
        {
            action();
        }
        catch (PersistentLogException refused)
        {
            Console.WriteLine($"{refused.Error}: {refused.Message}");
        }
    }
}
