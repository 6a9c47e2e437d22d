using System.Diagnostics;

namespace DirectMap.FaultMatrix.Arguments;

/// <summary>Programs of the system.</summary>
internal static class Commands
{
    /// <returns>What went wrong, or null.</returns>
    internal static string? TryRun(string command, params string[] arguments) => TryRun(out _, null, command, arguments);

    /// <returns>What went wrong, or null.</returns>
    internal static string? TryRun(out string output, string? input, string command, params string[] arguments)
    {
        output = "";
        try
        {
            ProcessStartInfo info = new(command, arguments)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                RedirectStandardInput = true
            };
            using Process process = Process.Start(info)!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"{command}: {error.Result.Trim().ReplaceLineEndings(" ")}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return $"there is no {command}";
        }
    }

    /// <summary>For what a cell cannot do without.</summary>
    internal static void Run(string command, params string[] arguments)
    {
        string? failure = TryRun(command, arguments);
        Check.That(failure is null, $"the cause could not be made: {failure}");
    }
}
