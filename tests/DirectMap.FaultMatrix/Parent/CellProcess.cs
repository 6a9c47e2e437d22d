using System.Diagnostics;
using DirectMap.FaultMatrix.Causes;

namespace DirectMap.FaultMatrix.Parent;

/// <summary>Runs a cell in a child: this program again.</summary>
internal static class CellProcess
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    internal static async Task<CellResult> RunAsync(Cause cause, Column column, Site site, string program, CancellationToken interrupted)
    {
        using Process process = Process.Start(StartOf(cause, column, site, program))!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string late = "";
        using (CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(interrupted))
        {
            end.CancelAfter(s_patience);
            try
            {
                await process.WaitForExitAsync(end.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
                interrupted.ThrowIfCancellationRequested();
                late = $"did not end within {s_patience.TotalSeconds} seconds\n";
            }
        }

        string[] lines = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        bool wasToEnd = lines.Contains(CellLines.Ends);
        Outcome outcome = wasToEnd && ExitCode.IsFault(process.ExitCode) ? Outcome.Ends
            : process.ExitCode == ExitCode.Ok && !wasToEnd ? Outcome.Ok
            : Outcome.Failed;
        string[] notes = [.. lines.Where(line => line.StartsWith(CellLines.Note, StringComparison.Ordinal)).Select(line =>
            line[CellLines.Note.Length..]).Distinct()];
        string said = string.Join('\n', lines.Where(line => !line.StartsWith(CellLines.Note, StringComparison.Ordinal)));
        return new CellResult(cause, column, outcome, process.ExitCode, notes, $"{late}{said}\n{await error}");
    }

    private static ProcessStartInfo StartOf(Cause cause, Column column, Site site, string program)
    {
        ProcessStartInfo info = new(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileName(info.FileName) != Path.GetFileNameWithoutExtension(program))
        {
            info.ArgumentList.Add(program); // The host is dotnet.
        }
        else
        {
            info.FileName = Path.ChangeExtension(program, null);
        }

        foreach (string argument in (string[])[
            "cell",
            cause.Name,
            column.Access.Name,
            "--how",
            column.How.ToString(),
            "--folder",
            site.Folder,
            .. site.Device is null ? Array.Empty<string>() : ["--device", site.Device]
        ])
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        info.Environment["DOTNET_EnableDiagnostics"] = "0"; // Its pipes stay in the temp folder when the process ends by a signal.
        return info;
    }
}
