using Spectre.Console;

namespace DirectMap.Tool.Terminal;

/// <summary>Where the tool writes to, and what that can show.</summary>
internal sealed record ToolConsole
{
    private const int DefaultWidth = 80;

    internal required TextWriter Out { get; init; }

    internal required TextWriter Error { get; init; }

    /// <summary>Whether a person looks at it; otherwise a script reads it.</summary>
    internal bool IsTerminal { get; init; }

    internal bool HasColor { get; init; }

    internal bool HasUnicode { get; init; } = true;

    internal ColorSystemSupport ColorSystem { get; init; } = ColorSystemSupport.Detect;

    /// <summary>Columns; 0 where that is not known.</summary>
    internal int Width { get; init; }

    internal static ToolConsole OfProcess() => new()
    {
        Out = ProcessWriter.Output(() => Console.Out),
        Error = ProcessWriter.Error(() => Console.Error),
        IsTerminal = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"),
        HasColor = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")),
        HasUnicode = Console.OutputEncoding.CodePage == System.Text.Encoding.UTF8.CodePage,
        Width = Console.IsOutputRedirected ? 0 : Console.WindowWidth,
    };

    internal IAnsiConsole Terminal()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsTerminal ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = HasColor ? ColorSystem : ColorSystemSupport.NoColors,
            Interactive = IsTerminal ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(Out),
        });
        console.Profile.Width = Width > 0 ? Width : DefaultWidth;
        console.Profile.Capabilities.Unicode = HasUnicode;
        return console;
    }
}
