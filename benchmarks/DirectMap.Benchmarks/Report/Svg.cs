using System.Globalization;
using System.Text;

namespace DirectMap.Benchmarks.Report;

/// <summary>
/// The text of a picture: the same for the same strokes, readable on a light and on a dark page, and without a program to draw it.
/// </summary>
internal sealed class Svg
{
    private const string Style = """
        <style>
        text { font: 12px system-ui, sans-serif; fill: #1f2328 }
        .title { font-size: 14px; font-weight: 600 }
        .page { fill: #ffffff }
        .grid { stroke: #d1d9e0; stroke-width: 1 }
        @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .page { fill: #0d1117 } .grid { stroke: #30363d } }
        </style>
        """;

    /// <summary>
    /// Okabe and Ito's without the yellow and the black: told apart by the colour-blind, and with the marks also without colours; seen
    /// on white and on black.
    /// </summary>
    private static readonly string[] s_colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#888888"];

    private readonly StringBuilder _text = new();

    internal Svg(int width, int height, string title)
    {
        const string Namespace = "xmlns=\"http://www.w3.org/2000/svg\"";
        FormattableString size = $"viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\"";
        Add($"<svg {Namespace} {size} role=\"img\" aria-label=\"{Escape(title)}\">");
        Add($"{Style.ReplaceLineEndings("\n")}");
        Add($"<rect class=\"page\" width=\"{width}\" height=\"{height}\"/>");
    }

    internal void Text(string attributes, double x, double y, string text) =>
        Add($"<text x=\"{x:0.##}\" y=\"{y:0.##}\"{(attributes.Length == 0 ? "" : " " + attributes)}>{Escape(text)}</text>");

    internal void Rule(double x1, double y1, double x2, double y2) =>
        Add($"<line class=\"grid\" x1=\"{x1:0.##}\" y1=\"{y1:0.##}\" x2=\"{x2:0.##}\" y2=\"{y2:0.##}\"/>");

    internal void Bar(double x, double y, double width, double height, int colour) =>
        Add($"<rect x=\"{x:0.##}\" y=\"{y:0.##}\" width=\"{width:0.##}\" height=\"{height:0.##}\" fill=\"{Colour(colour)}\"/>");

    internal void Line(IReadOnlyList<(double X, double Y)> points, int colour)
    {
        string places = string.Join(
            ' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.X:0.##},{point.Y:0.##}")));
        Add($"<polyline fill=\"none\" stroke=\"{Colour(colour)}\" stroke-width=\"2\" points=\"{places}\"/>");
    }

    /// <summary>A shape of each line's own.</summary>
    internal void Mark(double x, double y, int line)
    {
        string colour = Colour(line);
        switch (line % 4)
        {
            case 0:
                Add($"<circle cx=\"{x:0.##}\" cy=\"{y:0.##}\" r=\"4\" fill=\"{colour}\"/>");
                break;
            case 1:
                Add($"<rect x=\"{x - 3.5:0.##}\" y=\"{y - 3.5:0.##}\" width=\"7\" height=\"7\" fill=\"{colour}\"/>");
                break;
            case 2:
                Add($"<path d=\"M{x:0.##} {y - 5:0.##}l5 8.5h-10z\" fill=\"{colour}\"/>");
                break;
            default:
                Add($"<path d=\"M{x:0.##} {y - 5:0.##}l5 5l-5 5l-5 -5z\" fill=\"{colour}\"/>");
                break;
        }
    }

    public override string ToString() => $"{_text}</svg>\n";

    private static string Colour(int index) => s_colours[index % s_colours.Length];

    private static string Escape(string text) =>
        text.Replace("&", "&amp;").Replace("<", "&lt;").Replace(">", "&gt;").Replace("\"", "&quot;");

    private void Add(FormattableString text) => _text.Append(FormattableString.Invariant(text)).Append('\n');
}
