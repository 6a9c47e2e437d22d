using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Commands;

/// <summary>What several commands ask for.</summary>
internal static class CommonOptions
{
    internal static Argument<string> File() => Named(new Argument<string>("FILE") { Description = "The file." });

    internal static Argument<string[]> Files() =>
        Named(new Argument<string[]>("FILE") { Description = "The files.", Arity = ArgumentArity.OneOrMore });

    internal static Option<long?> Size(string name, string description, long minimum) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result => Parse(result, minimum),
    };

    internal static Option<double?> Seconds(string name, string description, double max) => new(name)
    {
        Description = description,
        HelpName = "SECONDS",
        CustomParser = result =>
        {
            if (!double.TryParse(result.Tokens[0].Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
                || !(seconds > 0 && seconds <= max))
            {
                result.AddError($"{name}: '{result.Tokens[0].Value}' is not a number of seconds between 0 and {max}");
            }

            return seconds;
        },
    };

    internal static Option<bool> Json() => new("--json") { Description = "Writes JSON, one object a line." };

    internal static Option<bool> NoColor() =>
        new("--no-color") { Description = "Writes without colors; so does the environment variable NO_COLOR." };

    internal static Option<bool> Plain() =>
        new("--plain") { Description = "Writes one fact a line in ASCII, as when the output is redirected." };

    internal static void AllowOnly(Option<string> option, params string[] values)
    {
        option.HelpName = string.Join('|', values);
        option.CompletionSources.Add(values);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => !values.Contains(token.Value)))
            {
                result.AddError($"{option.Name} must be one of {string.Join(", ", values)}");
            }
        });
    }

    private static Argument<T> Named<T>(Argument<T> file)
    {
        file.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens)
            {
                if (token.Value.Length == 0)
                {
                    result.AddError("A file needs a name.");
                }
            }
        });
        return file;
    }

    private static long? Parse(ArgumentResult result, long minimum)
    {
        string? wrong = ByteSize.TryParse(result.Tokens[0].Value, out long bytes);
        if (wrong is null && bytes < minimum)
        {
            wrong = $"'{result.Tokens[0].Value}' is less than {minimum} byte{(minimum == 1 ? "" : "s")}";
        }

        if (wrong is not null)
        {
            result.AddError($"{(result.Parent as OptionResult)?.IdentifierToken?.Value}: {wrong}");
        }

        return bytes;
    }
}
