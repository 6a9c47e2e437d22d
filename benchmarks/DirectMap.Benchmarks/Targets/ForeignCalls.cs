using System.Diagnostics;
using System.Globalization;

namespace DirectMap.Benchmarks.Targets;

/// <summary>
/// Another process that makes system calls on files when it is told to, on one processor, and times them itself: the way to it and back is
/// not in the figures.
/// </summary>
internal sealed class ForeignCalls : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _child;
    private readonly Timer _hangs;

    private ForeignCalls(Process child)
    {
        _child = child;
        _hangs = new Timer(_ => child.Kill());
    }

    internal static ForeignCalls Start(int processor)
    {
        string program = Environment.ProcessPath!;
        ProcessStartInfo start = new(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(ForeignCalls).Assembly.Location);
        }

        start.ArgumentList.Add(ForeignCallsChild.Command);
        start.ArgumentList.Add(Text(processor));
        return new ForeignCalls(Process.Start(start)!);
    }

    /// <summary>Opens a file for reading and writing.</summary>
    /// <returns>Its descriptor there.</returns>
    internal int Open(string path) => (int)Ask($"{ForeignCallsChild.Open} {path}");

    /// <summary>Opens a file for reading.</summary>
    /// <returns>Its descriptor there.</returns>
    internal int OpenToRead(string path) => (int)Ask($"{ForeignCallsChild.OpenToRead} {path}");

    internal void Close(int file) => Ask($"{ForeignCallsChild.Close} {Text(file)}");

    /// <summary>Makes one call so many times.</summary>
    /// <param name="call">Which.</param>
    /// <param name="file">On what.</param>
    /// <param name="samples">How often the clock is looked at.</param>
    /// <param name="each">How many calls each time.</param>
    /// <returns>Median, ns for each call.</returns>
    internal double Time(ForeignCall call, int file, int samples, int each) =>
        Ask($"{call} {Text(file)} {Text(samples)} {Text(each)}");

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        _child.StandardInput.Close();
        _child.WaitForExit();
        _hangs.Dispose();
        _child.Dispose();
    }

    private double Ask(string question)
    {
        _hangs.Change(s_patience, Timeout.InfiniteTimeSpan);
        _child.StandardInput.WriteLine(question);
        _child.StandardInput.Flush();
        string? answer = _child.StandardOutput.ReadLine();
        _hangs.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return double.TryParse(answer, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new IOException($"the other process has failed at '{question}': {answer ?? "it did not answer, or has ended"}");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
