using System.Diagnostics;
using System.Runtime.InteropServices;
using DirectMap.Tests.Infrastructure;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Tests.Infrastructure;

/// <summary>The tool as a process of its own: for signals, terminals and other users.</summary>
internal static partial class ToolProcess
{
    internal const int SIGHUP = 1;
    internal const int SIGINT = 2;
    internal const int SIGQUIT = 3;
    internal const int SIGTERM = 15;

    internal static string Executable { get; } = Path.Combine(AppContext.BaseDirectory, "DirectMap.Tool");

    /// <summary>Runs a command to its end, with the tool's own environment.</summary>
    internal static async Task<ToolResult> RunAsync(string command, params string[] args)
    {
        using Process process = Start(command, args);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        await EndOf(process);
        return new ToolResult(process.ExitCode, await output, await error);
    }

    /// <summary>Runs the tool until a condition holds, sends it a signal (ctrl-C is SIGINT), and waits for its end.</summary>
    internal static async Task<ToolResult> InterruptAsync(Func<Process, bool> isUnderWay, int signal, params string[] args)
    {
        // Whoever started the tests may have had them ignore signals: nohup does so, and a shell that starts them in the background.
        using Process process = Start("env", ["--default-signal=HUP,INT,QUIT,TERM", Executable, .. args]);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        Soon.Until(() => process.HasExited || isUnderWay(process), "the tool is under way");
        Assert.Equal(0, Kill(process.Id, signal));
        await EndOf(process);
        return new ToolResult(process.ExitCode, await output, await error);
    }

    /// <summary>Whether a process has a file open in a folder, with a name or without.</summary>
    internal static bool HasOpenIn(Process process, string folder)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries($"/proc/{process.Id}/fd")
                .Any(descriptor => new FileInfo(descriptor).LinkTarget?.StartsWith(folder + "/", StringComparison.Ordinal) == true);
        }
        catch (IOException)
        {
            return false; // It has ended, or the descriptor has.
        }
    }

    /// <summary>Copies the tool to where everybody may run it.</summary>
    internal static string CopyTo(TestDirectory directory)
    {
        const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(directory.Path, ForAll | UnixFileMode.UserWrite);
        foreach (string pattern in (string[])["DirectMap.*", "Microsoft.Extensions.*", "Spectre.Console.dll", "System.CommandLine.dll"])
        {
            foreach (string file in Directory.GetFiles(AppContext.BaseDirectory, pattern))
            {
                string copy = directory.File(Path.GetFileName(file));
                File.Copy(file, copy);
                File.SetUnixFileMode(copy, ForAll);
            }
        }

        return directory.File("DirectMap.Tool");
    }

    private static async Task EndOf(Process process)
    {
        try
        {
            await process.WaitForExitAsync().Within();
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    internal static Process Start(string command, string[] args)
    {
        ProcessStartInfo info = new(command, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        info.Environment["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));
        info.Environment["TERM"] = "xterm-256color";
        info.Environment.Remove("NO_COLOR");
        return Process.Start(info)!;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    internal static partial int Kill(int process, int signal);
}
