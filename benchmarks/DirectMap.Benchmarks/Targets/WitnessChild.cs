using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Benchmarks.Targets;

/// <summary>The other process of <see cref="WitnessTargets"/>: changes a file from time to time, by what the clock shows.</summary>
internal static class WitnessChild
{
    internal const string Command = "witness-child";

    internal static Process Start(string path)
    {
        string program = Environment.ProcessPath!;
        ProcessStartInfo start = new(program) { RedirectStandardInput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(WitnessChild).Assembly.Location);
        }

        start.ArgumentList.Add(Command);
        start.ArgumentList.Add(path);
        return Process.Start(start)!;
    }

    /// <summary>Argument: the file.</summary>
    internal static int Run(ReadOnlySpan<string> arguments)
    {
        using SafeFileHandle file = File.OpenHandle(arguments[0], FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        using ManualResetEventSlim end = new();
        Thread input = new(() =>
        {
            _ = Console.In.Read(); // The parent closes it, or has died.
            end.Set();
        });
        input.Start();
        while (!end.Wait(TimeSpan.FromMilliseconds(2)))
        {
            RandomAccess.Write(file, BitConverter.GetBytes(Stopwatch.GetTimestamp()), 0);
        }

        input.Join();
        return 0;
    }
}
