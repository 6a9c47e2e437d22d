using System.Globalization;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>What <c>create</c> made.</summary>
internal static class CreationReport
{
    internal static void Write(ToolConsole console, string path, long length, Verdict verdict)
    {
        if (console.IsTerminal)
        {
            IAnsiConsole terminal = console.Terminal();
            terminal.MarkupLine($" [bold]{Markup.Escape(Printable.Text(path))}[/]");
            terminal.MarkupLine($" {ByteSize.Format(length)} of zeros, all blocks written");
            TerminalReport.WriteVerdict(terminal, verdict);
            return;
        }

        console.Out.WriteLine($"path: {Printable.Text(path)}");
        console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"length: {length}"));
        console.Out.WriteLine($"verdict: {Words.Headline(verdict)}");
    }
}
