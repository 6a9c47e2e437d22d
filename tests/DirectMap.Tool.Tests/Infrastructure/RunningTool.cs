using System.Diagnostics;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>The tool while it runs: its lines as they come.</summary>
internal sealed class RunningTool : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;
    private readonly List<string> _lines = [];

    /// <param name="command">What starts it; it gets the tool's path and arguments after its own.</param>
    /// <param name="args">The tool's, after the path of the tool.</param>
    internal RunningTool(string[] command, params string[] args)
    {
        // Whoever started the tests may have had them ignore signals.
        _process = ToolProcess.Start("env", ["--default-signal=HUP,INT,QUIT,TERM", .. command, .. args]);
        _error = _process.StandardError.ReadToEndAsync();
    }

    internal static RunningTool Start(params string[] args) => new([ToolProcess.Executable], args);

    /// <summary>Reads lines up to one that begins so.</summary>
    internal async Task<string> LineAsync(string start)
    {
        while (await _process.StandardOutput.ReadLineAsync().Within() is { } line)
        {
            _lines.Add(line);
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }
        }

        Assert.Fail($"'{start}' did not come: {string.Join('\n', _lines)}\n{await _error.Within()}");
        return "";
    }

    internal void Send(int signal) => Assert.Equal(0, ToolProcess.Kill(_process.Id, signal));

    /// <summary>Until some of them are seen one by one; the kernel merges those that wait. It may have ended meanwhile.</summary>
    internal void SendManyTimes(int signal)
    {
        for (int i = 0; i < 50; i++)
        {
            _ = ToolProcess.Kill(_process.Id, signal);
        }
    }

    /// <summary>All of its lines, from the first one on, when it has ended.</summary>
    internal async Task<ToolResult> EndAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync().Within() is { } line)
        {
            _lines.Add(line);
        }

        await _process.WaitForExitAsync().Within();
        return new ToolResult(_process.ExitCode, string.Join('\n', _lines), await _error.Within());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
