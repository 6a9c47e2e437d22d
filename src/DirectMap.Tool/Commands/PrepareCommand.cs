using System.CommandLine;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Commands;

/// <summary><c>directmap prepare</c>: gives every byte a written block of its own, content kept.</summary>
internal static class PrepareCommand
{
    internal const string Name = "prepare";

    internal const string Details =
        """
        Holes are allocated, unwritten blocks converted, shared ones unshared. Contents stay, also what others
        write meanwhile through the page cache; stop direct I/O (O_DIRECT) meanwhile. It can be interrupted:
        what is done stays done, and running it again goes on.
        """;

    internal static Command Create(ToolConsole console)
    {
        Argument<string> file = CommonOptions.File();
        Option<bool> rewrite = new("--rewrite")
        {
            Description = "Writes everything anew, also what seems fit (on btrfs after a snapshot was deleted)."
        };
        Option<long?> offset = CommonOptions.Size(
            "--offset", "First byte; the beginning of the file by default. Rounded to what the file system changes at once.", minimum: 0);
        Option<long?> length = CommonOptions.Size("--length", "How many bytes; up to the end of the file by default.", minimum: 1);
        Option<bool> plain = CommonOptions.Plain();
        Option<bool> noColor = CommonOptions.NoColor();
        Command command = new(
            Name,
            "Makes the file fit for direct mapping, contents kept.")
        {
            file, rewrite, offset, length, plain, noColor,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            console with
            {
                HasColor = console.HasColor && !parsed.GetValue(noColor),
                IsTerminal = console.IsTerminal && !parsed.GetValue(plain)
            },
            parsed.GetValue(file)!,
            parsed.GetValue(rewrite),
            parsed.GetValue(offset) ?? 0,
            parsed.GetValue(length),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ToolConsole console, string path, bool rewrite, long offset, long? length, CancellationToken cancellationToken)
    {
        using DirectFile file = DirectFile.Open(path);
        PrepareOptions options = new() { Rewrite = rewrite, Range = RangeOf(file, path, offset, length) };
        PrepareProgress last = default;
        PrepareReport report;
        try
        {
            report = await WorkProgress.RunAsync(
                console,
                "preparing",
                progress => file.PrepareAsync(options with { Progress = new Remembering(progress, so => last = so) }, cancellationToken));
        }
        catch (OperationCanceledException)
        {
            ErrorLine.Write(
                console,
                $"interrupted: {ByteSize.Format(last.Done)}{(last.Total > 0 ? $" of {ByteSize.Format(last.Total)}" : "")} of '{path}' are "
                    + "done and stay so; run it again to go on");
            return ExitCode.Interrupted;
        }

        Verdict verdict = Trial.Of(
            file, path, VerdictMode.DirectOrEmulated, MappingAccess.ReadWrite, BackingProbe.Of(file), range: report.Range);
        PreparationReport.Write(console, path, report, verdict);
        return verdict.ExitCodeAfterWork;
    }

    private static FileRange RangeOf(DirectFile file, string path, long offset, long? length)
    {
        long size = file.Length;
        return offset > size || length > size - offset
            ? throw new UsageException($"'{path}' has {size} bytes; what is to be prepared reaches beyond its end")
            : new FileRange(offset, length ?? size - offset);
    }

    private sealed class Remembering(IProgress<PrepareProgress> next, Action<PrepareProgress> remember) : IProgress<PrepareProgress>
    {
        public void Report(PrepareProgress value)
        {
            remember(value);
            next.Report(value);
        }
    }
}
