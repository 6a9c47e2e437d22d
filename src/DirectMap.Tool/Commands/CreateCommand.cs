using System.CommandLine;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Commands;

/// <summary><c>directmap create</c>: a new file of written blocks.</summary>
internal static class CreateCommand
{
    internal const string Name = "create";

    internal const string Details =
        """
        Every block is allocated, written and durable. The file must not exist. When this fails or is
        interrupted, nothing is left behind.
        """;

    internal static Command Create(ToolConsole console)
    {
        Argument<string> file = CommonOptions.File();
        Option<long?> length = CommonOptions.Size("--length", "Its length, for example 64MiB.", minimum: 1);
        length.Required = true;
        Option<bool> plain = CommonOptions.Plain();
        Option<bool> noColor = CommonOptions.NoColor();
        Command command = new(
            Name,
            "Makes a file of zeros that can be mapped directly.")
        {
            file, length, plain, noColor,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            console with
            {
                HasColor = console.HasColor && !parsed.GetValue(noColor),
                IsTerminal = console.IsTerminal && !parsed.GetValue(plain)
            },
            parsed.GetValue(file)!,
            parsed.GetValue(length)!.Value,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ToolConsole console, string path, long length, CancellationToken cancellationToken)
    {
        try
        {
            using DirectFile file = await WorkProgress.RunAsync(
                console,
                "creating",
                progress => DirectFile.CreateAsync(path, length, null, new OfLength(progress, length), cancellationToken));
            FileFacts backing = BackingProbe.Of(file);
            Verdict verdict = Trial.Of(file, path, VerdictMode.DirectOrEmulated, MappingAccess.ReadWrite, backing);
            CreationReport.Write(console, path, length, verdict);
            return verdict.ExitCodeAfterWork;
        }
        catch (OperationCanceledException)
        {
            ErrorLine.Write(console, $"interrupted: '{path}' was not created, nothing is left behind");
            return ExitCode.Interrupted;
        }
    }

    private sealed class OfLength(IProgress<PrepareProgress> progress, long length) : IProgress<long>
    {
        public void Report(long value) => progress.Report(new PrepareProgress(value, length));
    }
}
