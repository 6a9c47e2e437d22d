using System.CommandLine;
using DirectMap.Tool.Rendering;
using DirectMap.Tool.Terminal;
using DirectMap.Tool.Watching;

namespace DirectMap.Tool.Commands;

/// <summary><c>directmap watch</c>: changes of a file as they come.</summary>
internal static class WatchCommand
{
    internal const string Name = "watch";

    internal const string Details =
        """
        Who changes the file does not wait for this. Permission to read is enough. The kernel merges events that
        wait, so one notice may stand for several changes; notices that wait to be printed are merged, too, and
        that is said. Stores through mappings are not noticed. It ends at ctrl-C, with a summary.
        """;

    private const double MaxSeconds = 1e9;

    internal static Command Create(ToolConsole console)
    {
        Argument<string> file = CommonOptions.File();
        Option<double?> duration = CommonOptions.Seconds("--for", "Ends after so many seconds.", MaxSeconds);
        Option<long?> count = new("--count")
        {
            Description = "Ends after so many notices.",
            HelpName = "NUMBER",
            Validators =
            {
                result =>
                {
                    if (result.Tokens is [var token] && !(long.TryParse(token.Value, out long number) && number > 0))
                    {
                        result.AddError($"--count: '{token.Value}' is not a whole number of 1 or more");
                    }
                }
            },
        };
        Option<bool> json = CommonOptions.Json();
        Option<bool> plain = CommonOptions.Plain();
        Option<bool> noColor = CommonOptions.NoColor();
        Command command = new(
            Name,
            "Shows changes of the file as they come, and what is known of who made them.")
        {
            file, duration, count, json, plain, noColor,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            console with
            {
                HasColor = console.HasColor && !parsed.GetValue(noColor),
                IsTerminal = console.IsTerminal && !parsed.GetValue(plain)
            },
            parsed.GetValue(file)!,
            new WatchBounds(
                parsed.GetValue(duration) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                parsed.GetValue(count)),
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        ToolConsole console, string path, WatchBounds bounds, bool asJson, CancellationToken cancellationToken)
    {
        IWatchReport report = asJson ? new JsonWatchReport(console.Out)
            : console.IsTerminal ? new TerminalWatchReport(console.Terminal())
            : new PlainWatchReport(console.Out);
        WatchSummary summary = await FileWatch.RunAsync(path, bounds, report, TimeProvider.System, cancellationToken);
        if (summary.Protection.Level < ProtectionLevel.Watched)
        {
            ErrorLine.Write(console, $"'{path}' is not watched: {summary.Protection.Reason}");
        }

        return summary.IsInterrupted ? ExitCode.Interrupted
            : summary.Protection.Level < ProtectionLevel.Watched ? ExitCode.Refused
            : ExitCode.Fine;
    }
}
