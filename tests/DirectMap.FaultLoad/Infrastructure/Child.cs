using System.Diagnostics;

namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>What may end a process runs in a child: this program again.</summary>
internal static class Child
{
    internal sealed record Result(int ExitCode, string Output)
    {
        /// <summary>The end of what it wrote, for a table or a message.</summary>
        internal string Tail => string.Join(" | ", Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(4));
    }

    /// <summary>How this program is started, from a folder that holds it.</summary>
    internal static string[] CommandIn(string folder, params string[] arguments)
    {
        string host = Environment.ProcessPath!;
        string name = typeof(Child).Assembly.GetName().Name!;
        string[] program = Path.GetFileName(host) == "dotnet" ? [host, Path.Combine(folder, name + ".dll")] : [Path.Combine(folder, name)];
        return [.. program, .. arguments];
    }

    internal static Result RunSelf(params string[] arguments) => Run(CommandIn(AppContext.BaseDirectory, arguments));

    internal static Result Run(string[] command, (string Name, string Value)[]? environment = null, int seconds = 120)
    {
        ProcessStartInfo info = new(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        info.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        foreach ((string name, string value) in environment ?? [])
        {
            info.Environment[name] = value;
        }

        using Process process = Process.Start(info)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            process.Kill();
            process.WaitForExit();
            return new Result(-1, $"{output.Result}\n{error.Result}\nhas not ended within {seconds} s");
        }

        return new Result(process.ExitCode, output.Result + "\n" + error.Result);
    }

    /// <summary>Whether a command is there.</summary>
    internal static bool Has(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, command)));
}
