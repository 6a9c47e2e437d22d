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
    internal static Result Run(Func<string[], int> body, params string[] arguments) => RunToEnd(Start(body, arguments));

    /// <summary>Runs a case to its end with more variables in its environment.</summary>
    internal static Result RunWith(IReadOnlyDictionary<string, string> environment, Func<string[], int> body, params string[] arguments) =>
        RunToEnd(Start(AppContext.BaseDirectory, body, arguments, environment));

    /// <summary>Runs a case to its end as what another command starts (unshare).</summary>
    internal static Result RunUnder(string[] command, Func<string[], int> body, params string[] arguments) =>
        RunToEnd(Start(AppContext.BaseDirectory, body, arguments, under: command));

    /// <summary>Runs a case to its end where the native library is missing: from a copy of this assembly's folder without it.</summary>
    internal static Result RunWithoutNativeLibrary(Func<string[], int> body, params string[] arguments) =>
        RunWithOtherNativeLibrary(null, body, arguments);

    /// <summary>Runs a case to its end with another native library, or none: from a copy of this assembly's folder.</summary>
    internal static Result RunWithOtherNativeLibrary(string? library, Func<string[], int> body, params string[] arguments)
    {
        const string Library = "libdirectmap.so";
        using TestDirectory copy = new();
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*", SearchOption.AllDirectories))
        {
            // A list of dependencies that names the library would have the host look for it; without the list it takes what is in the
            // folder.
            bool isListOfIt = file.EndsWith(".deps.json", StringComparison.Ordinal)
                && File.ReadAllText(file).Contains(Library, StringComparison.Ordinal);
            if (!isListOfIt && Path.GetFileName(file) != Library)
            {
                string to = copy.File(Path.GetRelativePath(AppContext.BaseDirectory, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }
        }

        if (library is not null)
        {
            File.Copy(library, copy.File(Library));
        }

        return RunToEnd(Start(copy.Path, body, arguments));
    }

    private static Result RunToEnd(Process started)
    {
        using Process process = started;
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
    internal static Process Start(Func<string[], int> body, params string[] arguments) => Start(AppContext.BaseDirectory, body, arguments);

    private static Process Start(
        string folder,
        Func<string[], int> body,
        string[] arguments,
        IReadOnlyDictionary<string, string>? environment = null,
        string[]? under = null)
    {
        string host = Environment.ProcessPath!;
        bool isDotnet = Path.GetFileName(host) == "dotnet";
        string[] command = [.. under ?? [], isDotnet ? host : Path.Combine(folder, Path.GetFileName(host))];
        ProcessStartInfo info = new(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true
        };
        if (isDotnet)
        {
            info.ArgumentList.Add(Path.Combine(folder, Path.GetFileName(typeof(ChildProcess).Assembly.Location)));
        }

        info.ArgumentList.Add("--child");
        info.ArgumentList.Add($"{body.Method.DeclaringType!.Name}.{body.Method.Name}");
        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        foreach ((string variable, string value) in environment ?? new Dictionary<string, string>())
        {
            info.Environment[variable] = value;
        }

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
