using DirectMap.Tool.Inspection;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>For people: the picture of the blocks, and the verdict at a glance.</summary>
internal static class TerminalReport
{
    internal static void Write(IAnsiConsole console, FileReport report, Verdict deciding)
    {
        console.MarkupLine($" [bold]{Escaped(report.Path)}[/]");
        console.MarkupLine($" {Facts(report)}");
        console.WriteLine();
        BlockPicture picture = new(console);
        picture.Draw(report);
        picture.DrawLegend(report.Blocks, report.Length);
        console.WriteLine();
        WriteVerdict(console, deciding);
        console.WriteLine();
        WriteTable(console, report, deciding);
    }

    /// <summary>Size, file system, DAX: what one wants to know first.</summary>
    private static string Facts(FileReport report)
    {
        FileFacts backing = report.Backing;
        string blocks = backing.Stability switch
        {
            BlockMapStability.Stable => "blocks stay in place",
            BlockMapStability.Moves => "[yellow]blocks move[/]",
            _ => "[yellow]nobody can say whether blocks stay[/]",
        };
        List<string> facts =
        [
            Allocation(report),
            $"{Escaped(backing.FileSystem)}, {blocks}",
            backing.IsDax ? "[green3]DAX[/]" : "no DAX",
        ];
        if (report.Blocks.Fragments is { } fragments && report.Blocks.Allocated > 0)
        {
            facts.Add(fragments == 1 ? "1 fragment" : $"{fragments} fragments");
        }

        facts.AddRange(Words.Names(backing.Attributes).Select(name => $"[yellow]{name}[/]"));
        return string.Join(" [grey]|[/] ", facts);
    }

    private static string Allocation(FileReport report)
    {
        string size = ByteSize.Format(report.Length);
        return report.Blocks.Allocated == report.Length ? size : $"{size}, {ByteSize.Format(report.Blocks.Allocated)} allocated";
    }

    internal static void WriteVerdict(IAnsiConsole console, Verdict verdict)
    {
        string headline = Escaped(Words.Headline(verdict));
        console.MarkupLine($" {Mark(console, verdict)} [bold]{char.ToUpperInvariant(headline[0])}{headline[1..]}[/]");
        if (verdict.Detail is not null)
        {
            console.Write(new Padder(new Markup($"{Escaped(verdict.Detail)}"), new Padding(3, 0, 1, 0)));
        }

        if (verdict.Command is not null)
        {
            // Past the console, which would break it into lines: it is there to be copied.
            console.Markup("   [grey]$[/] ");
            console.Profile.Out.Writer.WriteLine(verdict.Command);
        }
    }

    private static void WriteTable(IAnsiConsole console, FileReport report, Verdict deciding)
    {
        Grid grid = new();
        grid.AddColumn(new GridColumn { Padding = new Padding(1, 0, 2, 0), NoWrap = true });
        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0, 2, 0), NoWrap = true });
        grid.AddColumn(new GridColumn { Padding = new Padding(0, 0, 1, 0), NoWrap = true });
        grid.AddRow("", "[grey]reading[/]", "[grey]writing[/]");
        foreach (VerdictMode mode in VerdictMode.All)
        {
            grid.AddRow(
                mode == deciding.Mode ? $"[bold]{mode.Title}[/]" : mode.Title, Cell(MappingAccess.Read), Cell(MappingAccess.ReadWrite));

            string Cell(MappingAccess access)
            {
                Verdict verdict = report.VerdictOn(mode, access);
                return verdict.IsMappable ? $"{Mark(console, verdict)} yes" : $"{Mark(console, verdict)} {Escaped(verdict.Reason ?? "no")}";
            }
        }

        console.Write(grid);
    }

    private static string Mark(IAnsiConsole console, Verdict verdict)
    {
        bool hasUnicode = console.Profile.Capabilities.Unicode;
        return verdict.Result switch
        {
            VerdictResult.Mappable => $"[green3]{(hasUnicode ? "✓" : "+")}[/]",
            VerdictResult.NotTried => "[yellow]?[/]",
            _ => $"[red1]{(hasUnicode ? "✗" : "x")}[/]",
        };
    }

    private static string Escaped(string text) => Markup.Escape(Printable.Text(text));
}
