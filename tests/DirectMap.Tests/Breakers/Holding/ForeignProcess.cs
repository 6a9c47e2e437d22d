using System.Diagnostics;
using System.Globalization;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Breakers.Holding;

/// <summary>One other process. It is killed with the test, also where it waits.</summary>
internal sealed class ForeignProcess(Process process) : IDisposable
{
    internal const int O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_TRUNC = 0x200, O_NONBLOCK = 0x800;
    internal const int EAGAIN = 11, EBUSY = 16, ETXTBSY = 26, ENOSPC = 28;
    internal const int SIGKILL = 9, SIGCONT = 18, SIGSTOP = 19;

    /// <param name="Errno">0 when it succeeded.</param>
    /// <param name="Result">What the call returned.</param>
    internal readonly record struct Answer(int Errno, long Result);

    internal int Id => process.Id;

    /// <summary>Makes a call, which nobody holds up.</summary>
    internal Answer Do(string call) => Begin(call).Within().GetAwaiter().GetResult();

    /// <summary>Begins to make a call, which somebody may hold up.</summary>
    internal async Task<Answer> Begin(string call)
    {
        Task<string> line = Ask(call);
        int[] numbers = [.. (await line).Split(' ').Select(one => int.Parse(one, CultureInfo.InvariantCulture))];
        return new Answer(numbers[0], numbers[1]);
    }

    /// <summary>Says a line to it, and reads the next one from it.</summary>
    internal async Task<string> Ask(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
        return await ReadLine();
    }

    internal async Task<string> ReadLine() =>
        await Task.Run(process.StandardOutput.ReadLineAsync) ?? throw new EndOfStreamException("the other process has ended");

    /// <summary>Its standard input ends; it says what it has to say, and ends.</summary>
    internal string End()
    {
        process.StandardInput.Close();
        Task<string> rest = Task.Run(process.StandardOutput.ReadToEndAsync);
        string said = rest.Within().GetAwaiter().GetResult();
        Assert.True(process.WaitForExit(Soon.Patience));
        Assert.Equal(0, process.ExitCode);
        return said.Trim();
    }

    internal void Signal(int signal) => Assert.Equal(0, PlainCalls.SignalProcess(process.Id, signal).Errno);

    /// <summary>Waits until it has ended: its thread is gone then.</summary>
    internal void Kill()
    {
        process.Kill();
        Assert.True(process.WaitForExit(Soon.Patience));
    }

    /// <summary>Whether its first thread sleeps in the answer to an event.</summary>
    internal bool IsHeld => StackOf(process.Id).Contains("fanotify", StringComparison.Ordinal);

    internal static string StackOf(int thread)
    {
        try
        {
            return File.ReadAllText($"/proc/{thread}/stack");
        }
        catch (IOException)
        {
            return ""; // It has ended.
        }
    }

    public void Dispose()
    {
        if (!process.HasExited)
        {
            process.Kill();
            _ = process.WaitForExit(Soon.Patience);
        }

        process.Dispose();
    }
}
