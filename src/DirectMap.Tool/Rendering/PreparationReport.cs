using System.Globalization;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>What <c>prepare</c> found and did.</summary>
internal static class PreparationReport
{
    internal static void Write(ToolConsole console, string path, PrepareReport report, Verdict verdict)
    {
        (string Name, long Bytes)[] facts =
        [
            ("already-written", report.AlreadyWritten),
            ("allocated", report.Allocated),
            ("converted", report.Converted),
            ("unshared", report.Unshared),
            ("moved-out-of-metadata", report.Relocated),
        ];
        if (console.IsTerminal)
        {
            IAnsiConsole terminal = console.Terminal();
            terminal.MarkupLine($" [bold]{Markup.Escape(Printable.Text(path))}[/]");
            foreach ((string name, long bytes) in facts.Where(fact => fact.Bytes > 0))
            {
                terminal.MarkupLine($" {ByteSize.Format(bytes),10} {name.Replace('-', ' ')}");
            }

            TerminalReport.WriteVerdict(terminal, verdict);
            return;
        }

        console.Out.WriteLine($"path: {Printable.Text(path)}");
        console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"offset: {report.Range.Offset}"));
        console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"length: {report.Range.Length}"));
        foreach ((string name, long bytes) in facts)
        {
            console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: {bytes}"));
        }

        console.Out.WriteLine($"verdict: {Words.Headline(verdict)}");
    }
}
