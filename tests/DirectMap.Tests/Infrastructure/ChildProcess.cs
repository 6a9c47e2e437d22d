using System.Diagnostics;
using DirectMap.Tests.Children;

namespace DirectMap.Tests.Infrastructure;

/// <summary>What may end a process, or needs another one, runs in a child: this assembly again, with the name of a case.</summary>
internal static class ChildProcess
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    internal sealed record Result(int ExitCode, string Output, string Error)
    {
        public override string ToString() => $"exit {ExitCode}\n{Output}\n{Error}";
    }

    /// <summary>Runs a case to its end.</summary>
    internal static Result Run(Func<string[], int> body, params string[] arguments)
    {
        using Process process = Start(body, arguments);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(s_patience))
        {
            process.Kill();
            process.WaitForExit();
        }

        return new Result(process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Starts a case whose steps are driven over its standard input and output.</summary>
    internal static Process Start(Func<string[], int> body, params string[] arguments)
    {
        string assembly = typeof(ChildProcess).Assembly.Location;
        string host = Environment.ProcessPath!;
        ProcessStartInfo info = new(host) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileName(host) == "dotnet")
        {
            info.ArgumentList.Add(assembly);
        }

        info.ArgumentList.Add("--child");
        info.ArgumentList.Add($"{body.Method.DeclaringType!.Name}.{body.Method.Name}");
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        return Process.Start(info)!;
    }

    /// <summary>In the child: finds the case and runs it.</summary>
    internal static int RunCase(string name, string[] arguments)
    {
        string[] parts = name.Split('.');
        Type type = typeof(RaceCases).Assembly.GetType($"{typeof(RaceCases).Namespace}.{parts[0]}", throwOnError: true)!;
        return type.GetMethod(parts[1], System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!
            .CreateDelegate<Func<string[], int>>()(arguments);
    }
}
