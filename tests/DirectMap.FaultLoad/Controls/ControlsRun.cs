using System.Diagnostics;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Controls;

/// <summary>
/// Whether the load and the races would find what they look for: this program, with native libraries that were broken on purpose. Each must
/// be caught, and the right one must pass.
/// </summary>
internal static class ControlsRun
{
    private const string ShortLoad = "20000";

    internal static int Start(string[] arguments)
    {
        _ = new Arguments(arguments);
        using TempFolder folder = new(Path.GetTempPath());
        string probe = folder.File("probe.so");
        Host.Probe.Compile(probe);
        string plain = ProgramWith(folder, "plain");
        string hooks = ProgramWith(folder, "hooks", "DIRECTMAP_HOOKS");
        string counting = ProgramWith(
            folder, "counting", "DIRECTMAP_HOOKS", Path.Combine(AppContext.BaseDirectory, "Controls", "before-counting.h"));
        string brokenWord = ProgramWith(folder, "broken-word", "DIRECTMAP_BROKEN_WORD");
        string brokenWordHooks = ProgramWith(folder, "broken-word-hooks", "DIRECTMAP_HOOKS", "DIRECTMAP_BROKEN_WORD");
        string brokenUnregister = ProgramWith(folder, "broken-unregister", "DIRECTMAP_HOOKS", "DIRECTMAP_BROKEN_UNREGISTER");
        string brokenTop = ProgramWith(folder, "broken-top", "DIRECTMAP_HOOKS", "DIRECTMAP_BROKEN_TOP");
        bool[] results =
        [
            Passes("load, right library", plain, "load", "--faults", ShortLoad),
            Passes("unregister under a parked handler, right library", hooks, "child", "unregister"),
            Passes("unregister before a handler has counted itself in, right library", counting, "child", "counted", probe),
            Passes("restore under a parked handler, right library", hooks, "child", "restore"),
            Passes("a page that was just replaced, right library", hooks, "child", "replaced"),
            Passes("two signals that are sent at one time, right library", hooks, "child", "sent", probe),
            IsCaught(
                "two signals that are sent at one time, handler that takes the default for who is on top",
                brokenTop,
                ParkedHandler.Broken,
                "the handler is gone",
                "child",
                "sent",
                probe),
            IsCaught(
                "load, handler that does not set the word", brokenWord, 1, "lost reports", "load", "--faults", ShortLoad, "--threads", "8"),
            IsCaught(
                "a page that was just replaced, handler that does not set the word",
                brokenWordHooks,
                ParkedHandler.Broken,
                "not told in time",
                "child",
                "replaced"),
            IsCaught(
                "unregister under a parked handler, for which nobody waits",
                brokenUnregister,
                ParkedHandler.Broken,
                "the page that came after is replaced",
                "child",
                "unregister"),
            IsCaught(
                "restore under a parked handler, for which nobody waits",
                brokenUnregister,
                ParkedHandler.Broken,
                "did not wait",
                "child",
                "restore"),
        ];
        return results.Contains(false) ? 1 : 0;
    }

    /// <summary>A copy of this program with a native library of its own.</summary>
    private static string ProgramWith(TempFolder folder, string name, params string[] defines)
    {
        string copy = Directory.CreateDirectory(folder.File(name)).FullName;
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        File.Delete(Path.Combine(copy, "libdirectmap.so"));
        NativeBuild.Compile(NativeBuild.LibrarySources, Path.Combine(copy, "libdirectmap.so"), defines);
        return copy;
    }

    private static bool Passes(string what, string program, params string[] arguments)
    {
        Child.Result result = Run(program, arguments, out double seconds);
        bool isGood = result.ExitCode == 0;
        Console.WriteLine($"{what}: {(isGood ? "passes" : "FAILS")} ({seconds:f1} s): {result.Tail}");
        return isGood;
    }

    /// <summary>It must end as said, and say so: another end, a crash for example, would be a find by accident.</summary>
    private static bool IsCaught(string what, string program, int exitCode, string says, params string[] arguments)
    {
        Child.Result result = Run(program, arguments, out double seconds);
        bool isCaught = result.ExitCode == exitCode && result.Output.Contains(says, StringComparison.Ordinal)
            && !result.Output.Contains(" 0 lost reports", StringComparison.Ordinal);
        Console.WriteLine($"{what}: {(isCaught ? "caught" : "NOT CAUGHT")} ({seconds:f1} s, exit {result.ExitCode}): {result.Tail}");
        return isCaught;
    }

    private static Child.Result Run(string program, string[] arguments, out double seconds)
    {
        long began = Stopwatch.GetTimestamp();
        Child.Result result = Child.Run(Child.CommandIn(program, arguments));
        seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        return result;
    }
}
