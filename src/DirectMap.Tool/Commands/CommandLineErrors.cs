using System.CommandLine;
using System.CommandLine.Parsing;

namespace DirectMap.Tool.Commands;

/// <summary>What is wrong with a command line, a line for each.</summary>
internal static class CommandLineErrors
{
    internal static IEnumerable<string> Of(ParseResult parsed)
    {
        if (parsed.CommandResult.Command is RootCommand root && parsed.UnmatchedTokens.Count > 0)
        {
            return [$"'{parsed.UnmatchedTokens[0]}' is not a command; there are "
                + $"{string.Join(", ", root.Subcommands.Select(command => command.Name))}"];
        }

        string[] errors = [.. parsed.Errors.Select(error => error.Message.TrimEnd('.'))];
        return errors.Length > 0 || parsed.Action is HelpWithDetails ? errors : OfNames(parsed);
    }

    private static IEnumerable<string> OfNames(ParseResult parsed)
    {
        ArgumentResult? files = parsed.CommandResult.Children.OfType<ArgumentResult>().SingleOrDefault();
        int marked = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Skip(1).Count();
        return (files?.Tokens.Select(token => token.Value) ?? []).SkipLast(marked)
            .Where(name => name.StartsWith('-')) // The parser would take a mistyped option for a file.
            .Select(name => $"'{name}' is not an option; a file of that name is './{name}'");
    }
}
