using System.CommandLine;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Commands;

/// <summary><c>directmap inspect</c>: what a file is made of, and whether it can be mapped directly.</summary>
internal static class InspectCommand
{
    internal const string Name = "inspect";

    internal const string Details =
        """
        Nothing of the file changes: it is opened (for writing, too, where that is permitted), mapped and let
        go at once, and none of its bytes is touched. What is dirty in memory is written back. Permission to
        read is enough; what is not permitted is said.
        """;

    internal static Command Create(ToolConsole console)
    {
        Argument<string[]> files = CommonOptions.Files();
        Option<bool> json = CommonOptions.Json();
        Option<bool> plain = CommonOptions.Plain();
        Option<bool> noColor = CommonOptions.NoColor();
        Option<string> require = new("--require")
        {
            Description = "Which way of mapping decides the exit code.",
            DefaultValueFactory = _ => VerdictMode.DirectOrEmulated.Name,
        };
        CommonOptions.AllowOnly(require, [.. VerdictMode.All.Select(mode => mode.Name)]);
        Option<string> purpose = new("--for")
        {
            Description = "Whether the verdict for reading or for writing decides.",
            DefaultValueFactory = _ => Words.Name(MappingAccess.ReadWrite),
        };
        CommonOptions.AllowOnly(purpose, Words.Name(MappingAccess.Read), Words.Name(MappingAccess.ReadWrite));
        Option<bool> copyUp = new("--copy-up")
        {
            Description = "On overlayfs opens the file for writing, too, which copies it up from a lower layer."
        };
        Command command = new(
            Name,
            "Shows size, file system, block map, and whether the file can be mapped directly.")
        {
            files, json, plain, noColor, require, purpose, copyUp,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(
            console with
            {
                HasColor = console.HasColor && !parsed.GetValue(noColor),
                IsTerminal = console.IsTerminal && !parsed.GetValue(plain)
            },
            parsed.GetValue(files)!,
            parsed.GetValue(json),
            VerdictMode.All.Single(mode => mode.Name == parsed.GetValue(require)),
            parsed.GetValue(purpose) == Words.Name(MappingAccess.Read) ? MappingAccess.Read : MappingAccess.ReadWrite,
            parsed.GetValue(copyUp),
            cancellationToken)));
        return command;
    }

    private static int Run(
        ToolConsole console,
        string[] paths,
        bool asJson,
        VerdictMode mode,
        MappingAccess access,
        bool copyUp,
        CancellationToken cancellationToken)
    {
        IAnsiConsole terminal = console.Terminal();
        int cells = console.IsTerminal ? BlockPicture.CellsOn(terminal.Profile.Width) : PlainReport.Cells;
        int code = ExitCode.Fine;
        bool isFirst = true;
        foreach (string path in paths)
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                FileReport report = FileInspector.Inspect(path, cells, copyUp, cancellationToken);
                Verdict deciding = report.VerdictOn(mode, access);
                if (asJson)
                {
                    JsonReport.Write(console.Out, report);
                }
                else
                {
                    if (!isFirst)
                    {
                        console.Out.WriteLine();
                    }

                    Show(console, terminal, report, deciding);
                }

                isFirst = false;
                code = Math.Max(code, deciding.IsMappable ? ExitCode.Fine : ExitCode.Refused);
            }
            catch (OperationCanceledException)
            {
                ErrorLine.Write(console, $"interrupted: '{path}' was not looked at any more");
                return ExitCode.Interrupted;
            }
            catch (Exception exception) when (Failure.CodeOf(exception) is ExitCode.FileError)
            {
                // The others are looked at all the same.
                ErrorLine.Write(console, exception);
                code = ExitCode.FileError;
            }
        }

        return code;
    }

    private static void Show(ToolConsole console, IAnsiConsole terminal, FileReport report, Verdict deciding)
    {
        if (console.IsTerminal)
        {
            TerminalReport.Write(terminal, report, deciding);
        }
        else
        {
            PlainReport.Write(console.Out, report, deciding);
        }
    }
}
