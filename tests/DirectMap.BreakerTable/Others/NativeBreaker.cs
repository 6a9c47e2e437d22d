using System.Diagnostics;
using System.Globalization;

namespace DirectMap.BreakerTable.Others;

/// <summary>The native program: a child of it serves one row at a time. Native/main.c has the lines.</summary>
internal sealed class NativeBreaker : IDisposable
{
    private readonly Process _process;
    private int _serving; // the process id of the child that serves a row, or 0

    private NativeBreaker(Process process) => _process = process;

    internal static string Program => Path.Combine(AppContext.BaseDirectory, "breaker");

    internal static NativeBreaker Start() => new(Run([]));

    /// <summary>All that it can do.</summary>
    internal static IReadOnlyCollection<string> Names()
    {
        using Process process = Run(["--list"]);
        string[] names = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return names;
    }

    /// <returns>Why this machine cannot make it, or null.</returns>
    internal string? Prepare(string breaker, string path, Subject subject)
    {
        string answer = Ask($"prepare {breaker} {Environment.ProcessId} {path} {subject.Other} {subject.Folder}");
        _serving = answer.Split(' ') is ["ready", var process] ? int.Parse(process, CultureInfo.InvariantCulture) : 0;
        return _serving != 0 ? null : Reason(answer);
    }

    internal Deed Perform()
    {
        string answer = Ask("perform");
        if (answer.Split(' ') is ["done", var process, var command, var result, var begin, var end])
        {
            return new Deed(
                result, Number(begin), Number(end), (int)Number(process), command);
        }

        if (!answer.StartsWith("died ", StringComparison.Ordinal))
        {
            return new Deed("", 0, 0, Lacks: Reason(answer));
        }

        _serving = 0;
        return new Deed(answer, 0, 0);
    }

    /// <summary>Ends whoever makes the operation: a thread that waits for it hears that it has died.</summary>
    internal void Kill()
    {
        using Process serving = Process.GetProcessById(_serving);
        serving.Kill(entireProcessTree: true);
    }

    internal void End()
    {
        if (_serving != 0)
        {
            _serving = 0;
            _ = Ask("end");
        }
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Run(string[] arguments) => Process.Start(
        new ProcessStartInfo(Program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    private static string Reason(string answer) =>
        answer.StartsWith("skip ", StringComparison.Ordinal) ? answer[5..] : $"the breaker {answer}";

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    private string Ask(string line)
    {
        _process.StandardInput.Write(line + "\n");
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new IOException($"The breaker has ended, and was asked: {line}");
    }
}
