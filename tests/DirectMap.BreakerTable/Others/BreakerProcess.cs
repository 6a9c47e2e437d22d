using System.Diagnostics;
using System.Globalization;

namespace DirectMap.BreakerTable.Others;

/// <summary>The native program: a child of it serves one row at a time. Native/main.c has the lines.</summary>
internal sealed class BreakerProcess : IDisposable
{
    private readonly Process _process;
    private bool _isServing;

    private BreakerProcess(Process process) => _process = process;

    internal static string Program => Path.Combine(AppContext.BaseDirectory, "breaker");

    internal static BreakerProcess Start() => new(Run([]));

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
        _isServing = answer == "ready";
        return _isServing ? null : Reason(answer);
    }

    internal Deed Perform()
    {
        string answer = Ask("perform");
        if (answer.Split(' ') is ["done", var process, var result])
        {
            return new Deed(result, int.Parse(process, CultureInfo.InvariantCulture));
        }

        _isServing = !answer.StartsWith("died ", StringComparison.Ordinal);
        return new Deed("", 0, Reason(answer));
    }

    internal void End()
    {
        if (_isServing)
        {
            _isServing = false;
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

    private string Ask(string line)
    {
        _process.StandardInput.Write(line + "\n");
        _process.StandardInput.Flush();
        return _process.StandardOutput.ReadLine() ?? throw new IOException($"The breaker has ended, and was asked: {line}");
    }
}
