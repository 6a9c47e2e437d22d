using System.Diagnostics;
using DirectMap.FaultLoad.Infrastructure;

namespace DirectMap.FaultLoad.Host;

/// <summary>
/// How the handler gets along with its process: other handlers, signals that are sent, children, crashes, dumps, debuggers. A
/// table, and the exit code.
/// </summary>
internal static class HostRun
{
    private const string RuntimeText = "Fatal error.";

    private enum Verdict
    {
        Good,
        Failed,
        Skipped,
    }

    internal static int Start(string[] arguments)
    {
        _ = new Arguments(arguments);
        using TempFolder folder = new(Path.GetTempPath());
        string probe = folder.File("probe.so");
        Probe.Compile(probe);
        (string What, Func<(Verdict, string)> Case)[] cases =
        [
            ("null references are caught", () => Ends(0, "NullReferencesAreCaught")),
            ("a handler from before that replaces the page", () => Ends(0, "HandlerBeforeReplaces", probe)),
            ("a handler from before that jumps", () => Ends(0, "HandlerBeforeJumps", probe)),
            ("SIGBUS that is ignored", () => Ends(0, "HandlerBeforeIgnores", probe)),
            ("a raw access where it is ignored", () => Ends(135, "RawAccessIgnored", probe)),
            ("a handler from after that chains", () => Ends(0, "HandlerAfterChains", probe)),
            ("a handler from after that does not chain", () => Ends(0, "HandlerAfterDoesNotChain", probe)),
            ("no alternate stack is asked for", () => Ends(0, "Flags", probe)),
            ("errno is kept", () => Ends(0, "ErrnoIsKept", probe)),
            ("memory that is broken", () => Ends(0, "MemoryErrors", probe)),
            ("a child of fork has no mapping of the file", () => Ends(0, "ForkInheritsNothing", probe)),
            ("a child of fork with faults of its own", () => EndsAsWithout("ForkedChildFaults", probe)),
            ("the same, and a handler from before", () => Ends(0, "ForkedChildHasHandler", probe)),
            ("membarrier that is refused later", () => Ends(0, "BarrierIsRefused", probe)),
            ("SIGBUS that is sent to the process", () => EndsAsWithout("KillSelf")),
            ("SIGBUS that is sent to a child", () => EndsAsWithout("StartChild")),
            ("a raw access outside the library", RawAccess),
            ("the same in native code", () => EndsAsWithout("RawNativeAccess")),
            ("such a crash writes a dump, contained faults none", () => Dump(folder)),
            ("a debugger", Debugger),
        ];
        int failed = 0;
        foreach ((string what, Func<(Verdict, string)> run) in cases)
        {
            long began = Stopwatch.GetTimestamp();
            (Verdict verdict, string detail) = run();
            Console.WriteLine($"{what,-52} {verdict,-8} {Stopwatch.GetElapsedTime(began).TotalSeconds,5:f1} s  {detail}");
            failed += verdict == Verdict.Failed ? 1 : 0;
        }

        return failed == 0 ? 0 : 1;
    }

    private static Child.Result Case(params string[] arguments) => Child.RunSelf(["child", "host", .. arguments]);

    private static (Verdict Verdict, string Detail) Ends(int exitCode, params string[] arguments)
    {
        Child.Result result = Case(arguments);
        return (result.ExitCode == exitCode ? Verdict.Good : Verdict.Failed, $"exit {result.ExitCode} {result.Tail}");
    }

    /// <summary>What happens is not the library's business, so it must be what happens without it.</summary>
    private static (Verdict Verdict, string Detail) EndsAsWithout(string name, params string[] arguments)
    {
        Child.Result without = Case([name, .. arguments, "without"]);
        Child.Result with = Case([name, .. arguments, "with"]);
        return (
            with == without && with.ExitCode != 0 ? Verdict.Good : Verdict.Failed,
            $"exit {with.ExitCode}, without the library {without.ExitCode} {with.Tail}");
    }

    private static (Verdict Verdict, string Detail) RawAccess()
    {
        Child.Result without = Case("RawAccess", "without");
        Child.Result with = Case("RawAccess", "with");
        bool isRight = with.ExitCode == 134 && without.ExitCode == 134 && with.Output.Contains(RuntimeText, StringComparison.Ordinal)
            && with.Output.Contains("AccessViolationException", StringComparison.Ordinal);
        return (
            isRight ? Verdict.Good : Verdict.Failed,
            $"exit {with.ExitCode}, without the library {without.ExitCode} {with.Output.Trim().Split('\n')[0]}");
    }

    private static (Verdict Verdict, string Detail) Dump(TempFolder folder)
    {
        (long without, _) = DumpOf("RawAccess", "without");
        if (without == 0)
        {
            return Missing("createdump", "the runtime writes no dump here, without the library either");
        }

        (long with, Child.Result crashed) = DumpOf("RawAccess", "with");
        (long contained, Child.Result lived) = DumpOf("NullReferencesAreCaught");
        bool isRight = with > 0 && crashed.ExitCode == 134 && contained == 0 && lived.ExitCode == 0;
        return (
            isRight ? Verdict.Good : Verdict.Failed,
            $"{with >> 10} KiB, exit {crashed.ExitCode}; without the library {without >> 10} KiB; contained faults {contained >> 10} KiB, "
                + $"exit {lived.ExitCode}");

        (long Length, Child.Result Result) DumpOf(params string[] arguments)
        {
            string dump = folder.File($"dump-{string.Join('-', arguments)}");
            Child.Result result = Child.Run(
                Child.CommandIn(AppContext.BaseDirectory, ["child", "host", .. arguments]),
                [("DOTNET_DbgEnableMiniDump", "1"), ("DOTNET_DbgMiniDumpType", "1"), ("DOTNET_DbgMiniDumpName", dump)]);
            return (File.Exists(dump) ? new FileInfo(dump).Length : 0, result);
        }
    }

    private static (Verdict Verdict, string Detail) Debugger()
    {
        if (!Child.Has("gdb"))
        {
            return Missing("gdb", "gdb is not installed");
        }

        // 34 to 36 are the runtime's own, with which it suspends threads.
        string[] gdb =
        [
            "gdb", "-batch", "-nx", "-ex", "set pagination off", "-ex", "handle SIGBUS nostop noprint pass",
            "-ex", "handle SIGSEGV nostop noprint pass", "-ex",
            "handle SIG34 SIG35 SIG36 nostop noprint pass", "-ex", "run", "-ex", "info program", "--args"
        ];
        Child.Result result = Child.Run([.. gdb, .. Child.CommandIn(AppContext.BaseDirectory, "child", "host", "NullReferencesAreCaught")]);
        bool hasEnded = result.Output.Contains("exited normally", StringComparison.Ordinal);
        return hasEnded || !result.Output.Contains("ptrace", StringComparison.OrdinalIgnoreCase)
            ? (
                hasEnded && result.Output.Contains("64 null references were exceptions", StringComparison.Ordinal)
                    ? Verdict.Good
                    : Verdict.Failed,
                result.Tail)
            : Missing("gdb", $"gdb may not trace here: {result.Tail}");
    }

    /// <summary>Something that not every machine has; a failure where DIRECTMAP_TESTS_MUST_HAVE names it.</summary>
    private static (Verdict Verdict, string Detail) Missing(string word, string reason)
    {
        bool mustHave = (Environment.GetEnvironmentVariable("DIRECTMAP_TESTS_MUST_HAVE") ?? "").Split(',').Contains(word);
        return (mustHave ? Verdict.Failed : Verdict.Skipped, mustHave ? $"this machine must have '{word}', but {reason}" : reason);
    }
}
