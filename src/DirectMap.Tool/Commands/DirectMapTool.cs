using System.CommandLine;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Commands;

/// <summary>The tool's entry point, for the process and for tests.</summary>
internal static class DirectMapTool
{
    /// <summary>Runs one command line.</summary>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    internal static async Task<int> RunAsync(string[] args, ToolConsole console, CancellationToken cancellationToken = default)
    {
        ParseResult parsed = Root(console).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        string[] errors = [.. CommandLineErrors.Of(parsed)];
        if (errors.Length > 0)
        {
            foreach (string error in errors)
            {
                ErrorLine.Write(console, $"{error} (directmap --help says more)");
            }

            return ExitCode.BadUsage;
        }

        try
        {
            // Signals are Program's own: what is under way may take longer to stop than the parser would wait.
            InvocationConfiguration configuration = new()
            {
                Output = console.Out,
                Error = console.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null
            };
            return await parsed.InvokeAsync(configuration, cancellationToken);
        }
        catch (Exception exception) when (Failure.CodeOf(exception) is { } code)
        {
            ErrorLine.Write(console, exception);
            return code;
        }
        catch (Exception defect)
        {
            // Not thrown on: the runtime would abort, and a core dump tells a user nothing.
            await console.Error.WriteLineAsync(defect.ToString());
            return ExitCode.Defect;
        }
    }

    private static RootCommand Root(ToolConsole console)
    {
        RootCommand root = new(
            "Shows whether files can be mapped directly, makes them fit for it, measures them, and shows who else has or changes them.")
        {
            InspectCommand.Create(console),
            PrepareCommand.Create(console),
            CreateCommand.Create(console),
            BenchCommand.Create(console),
            LeasesCommand.Create(console),
            WatchCommand.Create(console),
        };
        HelpWithDetails.AddTo(root);
        return root;
    }
}
