using System.CommandLine;
using DirectMap.Tool.Benchmarking;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Commands;

/// <summary><c>directmap bench</c>: how fast this file is on this machine.</summary>
internal static class BenchCommand
{
    internal const string Name = "bench";

    internal const string Details =
        """
        The content stays as it is: what is written was read from the same place just before, under a lease
        on the file, so it can be interrupted at any time. That lease is not seen by other processes. Do not
        run this while one writes to the file: what it writes between the reading and the writing back is undone.
        """;

    private const double DefaultSeconds = 3;
    private const double MaxSeconds = 600;

    internal static Command Create(ToolConsole console)
    {
        Argument<string> file = CommonOptions.File();
        Option<double?> duration = CommonOptions.Seconds("--duration", "About how many seconds it takes; 3 by default.", MaxSeconds);
        Option<bool> json = CommonOptions.Json();
        Option<bool> plain = CommonOptions.Plain();
        Option<bool> noColor = CommonOptions.NoColor();
        Command command = new(
            Name,
            "Measures how long a persist takes and how fast bytes are copied.")
        {
            file, duration, json, plain, noColor,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            console with
            {
                HasColor = console.HasColor && !parsed.GetValue(noColor),
                IsTerminal = console.IsTerminal && !parsed.GetValue(plain) && !parsed.GetValue(json)
            },
            parsed.GetValue(file)!,
            TimeSpan.FromSeconds(parsed.GetValue(duration) ?? DefaultSeconds),
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ToolConsole console, string path, TimeSpan duration, bool asJson, CancellationToken cancellationToken)
    {
        using DirectFile file = DirectFile.Open(path);
        Verdict verdict = Trial.Of(file, path, VerdictMode.DirectOrEmulated, MappingAccess.ReadWrite, BackingProbe.Of(file));
        if (!verdict.IsMappable)
        {
            ErrorLine.Write(
                console,
                $"'{path}' {Words.Headline(verdict)}{(verdict.Detail is null ? "" : $": {verdict.Detail}")}"
                    + $"{(verdict.Command is null ? "" : $"; try: {verdict.Command}")}");
            return ExitCode.Refused;
        }

        if (file.Length < FileBenchmark.MinLength)
        {
            ErrorLine.Write(console, $"'{path}' has {file.Length} bytes, and {FileBenchmark.MinLength} is the least that can be measured");
            return ExitCode.Refused;
        }

        using MappedRegion region = file.Map(MapOptions.DirectOrEmulated);
        BenchReport report;
        try
        {
            report = console.IsTerminal
                ? await WorkProgress.RunAsync(
                    console,
                    "measuring",
                    progress => Task.Run(
                        () => FileBenchmark.Run(file, path, region, TimeProvider.System, duration, progress, cancellationToken),
                        cancellationToken))
                : FileBenchmark.Run(file, path, region, TimeProvider.System, duration, new Nobody(), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            ErrorLine.Write(console, $"interrupted: the content of '{path}' is as it was");
            return ExitCode.Interrupted;
        }
        catch (Exception exception)
            when (Failure.CodeOf(exception) == ExitCode.FileError && !exception.Message.Contains(path, StringComparison.Ordinal))
        {
            ErrorLine.Write(console, exception, path);
            return ExitCode.FileError;
        }

        BenchTable.Write(console, report, asJson);
        return ExitCode.Fine;
    }

    /// <summary>A script wants the figures only.</summary>
    private sealed class Nobody : IProgress<PrepareProgress>
    {
        public void Report(PrepareProgress value)
        {
        }
    }
}
