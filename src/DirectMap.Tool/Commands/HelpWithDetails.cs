using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Commands;

/// <summary>The parser's own help, and after it what does not fit into one line for each command.</summary>
internal sealed class HelpWithDetails(HelpAction help) : SynchronousCommandLineAction
{
    /// <summary>Who asks for help may leave out the rest.</summary>
    public override bool ClearsParseErrors => true;

    internal static void AddTo(RootCommand root)
    {
        HelpOption option = root.Options.OfType<HelpOption>().Single();
        option.Action = new HelpWithDetails((HelpAction)option.Action!);
    }

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        string? details = parseResult.CommandResult.Command.Name switch
        {
            InspectCommand.Name => InspectCommand.Details,
            PrepareCommand.Name => PrepareCommand.Details,
            CreateCommand.Name => CreateCommand.Details,
            BenchCommand.Name => BenchCommand.Details,
            LeasesCommand.Name => LeasesCommand.Details,
            WatchCommand.Name => WatchCommand.Details,
            _ => null,
        };
        if (details is not null)
        {
            output.WriteLine(details);
            output.WriteLine();
        }

        output.WriteLine(ExitCode.Help);
        return code;
    }
}
