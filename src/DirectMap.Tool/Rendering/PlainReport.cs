using System.Globalization;
using DirectMap.Tool.Inspection;
using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Rendering;

/// <summary>One fact a line, name and value, for grep and for logs. Sizes are in bytes.</summary>
internal static class PlainReport
{
    /// <summary>How many letters the picture has.</summary>
    internal const int Cells = 64;

    internal static void Write(TextWriter output, FileReport report, Verdict deciding)
    {
        void Fact(string name, string value) => output.WriteLine($"{name}: {value}");

        Fact("path", Printable.Text(report.Path));
        Fact("length", Number(report.Length));
        Fact("allocated", Number(report.Blocks.Allocated));
        Fact("file-system", report.Backing.FileSystem);
        Fact("stability", Words.Name(report.Backing.Stability));
        Fact("dax", report.Backing.IsDax ? "yes" : "no");
        Fact("attributes", Words.Names(report.Backing.Attributes) is { Length: > 0 } names ? string.Join(' ', names) : "none");
        Fact("durability", report.Durability is { } durability
            ? $"{Words.Name(durability.Value)}, {durability.Reason}"
            : "unknown, the file cannot be mapped");
        Fact("fragments", report.Blocks.Fragments is { } fragments ? Number(fragments) : "unknown");
        foreach (BlockKind kind in Enum.GetValues<BlockKind>())
        {
            Fact(Words.Key(Words.Name(kind)), Number(report.Blocks.BytesOf(kind)));
        }

        Fact("map", string.Concat(report.Blocks.Cells.Select(Letter)));
        foreach (Verdict verdict in report.Verdicts)
        {
            Fact($"{verdict.Mode.Name} for {Words.Name(verdict.Access)}", Line(verdict));
        }

        Fact("verdict", Words.Headline(deciding));
        Fact("command", deciding.Command ?? "none");
    }

    private static string Line(Verdict verdict)
    {
        string line = verdict.Reason is null ? Words.Name(verdict.Result) : $"{Words.Name(verdict.Result)}, {verdict.Reason}";
        return Printable.Text(verdict.Detail is null ? line : $"{line}: {verdict.Detail}");
    }

    private static char Letter(BlockCell cell)
    {
        if (cell.Other is not null)
        {
            return BlockLook.Mixed.Letter;
        }

        return cell is { Kind: BlockKind.Written, IsFragmented: true } ? BlockLook.Fragmented.Letter : BlockLook.Of(cell.Kind).Letter;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
