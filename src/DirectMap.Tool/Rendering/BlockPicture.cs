using DirectMap.Tool.Inspection;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>The block map as a few rows of colored cells, as wide as the terminal.</summary>
internal sealed class BlockPicture
{
    private const int MaxRows = 4;
    private const int MinWidth = 8;

    private readonly IAnsiConsole _console;
    private readonly int _width;
    private readonly bool _hasUnicode;
    private readonly bool _hasColor;

    internal BlockPicture(IAnsiConsole console)
    {
        _console = console;
        _width = WidthOn(console.Profile.Width);
        _hasUnicode = console.Profile.Capabilities.Unicode;
        _hasColor = console.Profile.Capabilities.ColorSystem != ColorSystem.NoColors;
    }

    /// <summary>How many cells at most a terminal has room for.</summary>
    internal static int CellsOn(int terminalWidth) => WidthOn(terminalWidth) * MaxRows;

    internal void Draw(FileReport report)
    {
        IReadOnlyList<BlockCell> cells = report.Blocks.Cells;
        if (cells.Count == 0)
        {
            return;
        }

        // What has few pages is stretched to one row; what has many fills up to four.
        int rows = Math.Min(MaxRows, (cells.Count + _width - 1) / _width);
        for (int row = 0; row < rows; row++)
        {
            Paragraph line = new(" ");
            for (int column = 0; column < _width; column++)
            {
                long at = ((long)row * _width) + column;
                Append(line, cells[(int)(at * cells.Count / ((long)rows * _width))]);
            }

            _console.Write(line);
            _console.WriteLine();
        }

        DrawScale(report, rows);
    }

    internal void DrawLegend(BlockSummary blocks, long length)
    {
        List<string> entries = [];
        foreach (BlockKind kind in Enum.GetValues<BlockKind>().Where(kind => blocks.BytesOf(kind) > 0))
        {
            long bytes = blocks.BytesOf(kind);
            entries.Add(
                $"{Sample(BlockLook.Of(kind))} {BlockLook.Of(kind).Label} {ByteSize.Format(bytes)} [grey]{Share(bytes, length)}[/]");
        }

        if (blocks.Cells.Any(cell => cell is { Other: null, Kind: BlockKind.Written, IsFragmented: true }))
        {
            entries.Add($"{Sample(BlockLook.Fragmented)} {BlockLook.Fragmented.Label}");
        }

        if (blocks.Cells.Any(cell => cell.Other is not null))
        {
            entries.Add($"{Sample(BlockLook.Mixed)} {BlockLook.Mixed.Label}");
        }

        WriteEntries(entries);
    }

    /// <summary>As many on a line as fit; an entry is never broken.</summary>
    private void WriteEntries(List<string> entries)
    {
        const string Gap = "   ";
        string line = "";
        foreach (string entry in entries)
        {
            string longer = line.Length == 0 ? entry : line + Gap + entry;
            if (line.Length > 0 && Markup.Remove(longer).Length > _width)
            {
                _console.MarkupLine(" " + line);
                longer = entry;
            }

            line = longer;
        }

        if (line.Length > 0)
        {
            _console.MarkupLine(" " + line);
        }
    }

    private static int WidthOn(int terminalWidth) => Math.Max(MinWidth, terminalWidth - 2);

    private static string Share(long bytes, long length)
    {
        double percent = 100.0 * bytes / length;
        return percent switch
        {
            < 0.5 => "<1%",
            > 99.5 and < 100 => ">99%",
            _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{percent:0}%"),
        };
    }

    private void DrawScale(FileReport report, int rows)
    {
        string end = ByteSize.Format(report.Length);
        string cell = $"a cell is {ByteSize.Format(Math.Max(1, report.Length / ((long)rows * _width)))}";
        int room = _width - 1 - end.Length;
        string scale = room > cell.Length + 2
            ? "0" + cell.PadLeft(((room - cell.Length) / 2) + cell.Length).PadRight(room) + end
            : "0" + end.PadLeft(_width - 1);
        _console.MarkupLine($" [grey]{scale}[/]");
    }

    private void Append(Paragraph line, BlockCell cell)
    {
        BlockLook look = cell is { Kind: BlockKind.Written, IsFragmented: true } ? BlockLook.Fragmented : BlockLook.Of(cell.Kind);
        string color = cell.IsAlternate ? look.Shade : look.Color;
        if (cell.Other is not { } other)
        {
            line.Append(Glyph(look), Style.Parse(color));
            return;
        }

        if (!_hasColor || !_hasUnicode)
        {
            line.Append(Glyph(BlockLook.Mixed), Style.Plain);
            return;
        }

        // The upper half is the larger part, the lower half the smaller one; holes have no color of their own.
        string rest = BlockLook.Of(other).Color;
        (char glyph, string style) = (cell.Kind, other) switch
        {
            (BlockKind.Hole, _) => ('▄', rest),
            (_, BlockKind.Hole) => ('▀', color),
            _ => ('▄', $"{rest} on {color}"),
        };
        line.Append(glyph.ToString(), Style.Parse(style));
    }

    private string Glyph(BlockLook look) => (_hasUnicode ? look.Glyph : look.Letter).ToString();

    private string Sample(BlockLook look) => $"[{look.Color}]{Glyph(look)}[/]";
}
