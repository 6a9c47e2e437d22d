using System.Diagnostics;
using System.Globalization;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>Another process that has a file open and mapped: this assembly again.</summary>
internal sealed class HolderProcess : IDisposable
{
    private readonly Process _process;

    /// <param name="path">The file.</param>
    /// <param name="steps">What it does before it is ready.</param>
    internal HolderProcess(string path, params string[] steps)
    {
        string host = Environment.ProcessPath!;
        string[] assembly = Path.GetFileName(host) == "dotnet" ? [typeof(HolderProcess).Assembly.Location] : [];
        _process = Process.Start(new ProcessStartInfo(host, [.. assembly, "--holder", path])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true
        })!;
        Answers = [.. steps.Select(Do)];
    }

    internal int Id => _process.Id;

    internal string Key => Id.ToString(CultureInfo.InvariantCulture);

    /// <summary>What it said of each step.</summary>
    internal string[] Answers { get; }

    /// <summary>Has it do something, and waits until that is done.</summary>
    internal string Do(string step)
    {
        _process.StandardInput.WriteLine(step);
        string? answer = _process.StandardOutput.ReadLineAsync().Within().GetAwaiter().GetResult();
        Assert.NotNull(answer);
        return answer;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(Soon.Patience))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
