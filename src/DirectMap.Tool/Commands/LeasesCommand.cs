using System.CommandLine;
using DirectMap.Tool.Holders;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Commands;

/// <summary><c>directmap leases</c>: who has a file mapped, open, locked or under a kernel lease.</summary>
internal static class LeasesCommand
{
    internal const string Name = "leases";

    internal const string Details =
        """
        The file is not opened, so no kernel lease is broken. Processes that the caller may not look into are
        named and counted; root sees all of this pid namespace. The leases that the library grants within a
        process are not seen from outside. That a process has the library loaded does not say that it has
        this file open through it.
        """;

    internal static Command Create(ToolConsole console)
    {
        Argument<string> file = CommonOptions.File();
        Option<bool> json = CommonOptions.Json();
        Option<bool> plain = CommonOptions.Plain();
        Option<bool> noColor = CommonOptions.NoColor();
        Command command = new(
            Name,
            "Shows which processes have the file mapped or open, and the locks and kernel leases on it.")
        {
            file, json, plain, noColor,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(
            console with
            {
                HasColor = console.HasColor && !parsed.GetValue(noColor),
                IsTerminal = console.IsTerminal && !parsed.GetValue(plain)
            },
            parsed.GetValue(file)!,
            parsed.GetValue(json),
            cancellationToken)));
        return command;
    }

    private static int Run(ToolConsole console, string path, bool asJson, CancellationToken cancellationToken)
    {
        try
        {
            HolderTable.Write(console, HolderSearch.Find(path, cancellationToken), asJson);
            return ExitCode.Fine;
        }
        catch (OperationCanceledException)
        {
            ErrorLine.Write(console, $"interrupted: not all processes were asked for '{path}'");
            return ExitCode.Interrupted;
        }
    }
}
