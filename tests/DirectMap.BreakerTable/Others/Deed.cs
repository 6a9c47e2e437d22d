using System.Diagnostics;

namespace DirectMap.BreakerTable.Others;

/// <summary>What became of an operation.</summary>
/// <param name="Result">"ok", the errno's name, or the exception's.</param>
/// <param name="Begin">When it began, as who made it has it: a timestamp of Stopwatch, which is CLOCK_MONOTONIC.</param>
/// <param name="End">When it had returned.</param>
/// <param name="ProcessId">Who made it.</param>
/// <param name="Command">What that process runs.</param>
/// <param name="Lacks">Why this machine cannot make it, or null.</param>
internal readonly record struct Deed(
    string Result, long Begin, long End, int ProcessId = 0, string Command = "", string? Lacks = null)
{
    /// <summary>Whether it did not return, and had to be ended.</summary>
    internal bool IsEndless => End == 0;

    /// <summary>Of this process: the outcome of a call, and when it was made.</summary>
    internal static Deed Of(Action call)
    {
        long begin = Stopwatch.GetTimestamp();
        string result = Outcome.Of(call);
        return new Deed(result, begin, Stopwatch.GetTimestamp(), Environment.ProcessId, OwnCommand);
    }

    private static string OwnCommand { get; } = File.ReadAllText("/proc/self/comm").TrimEnd('\n');
}
