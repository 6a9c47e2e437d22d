using System.Globalization;

namespace DirectMap.Benchmarks.Report;

/// <summary>Times by size, with logarithmic axes.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="Note">Below the title: what it is, and what it is not.</param>
/// <param name="Series">One or more lines: bytes and nanoseconds.</param>
internal sealed record Plot(string Title, string Note, IReadOnlyList<Series> Series)
{
    private const int Width = 800;
    private const int Height = 440;
    private const int Left = 84;
    private const int Right = 560;
    private const int Top = 66;
    private const int Bottom = 382;
    private const int LegendLine = 22;

    internal string ToSvg()
    {
        IEnumerable<(double X, double Y)> points = Series.SelectMany(series => series.Points);
        LogScale x = new(points.Min(point => point.X), points.Max(point => point.X), Left, Right, root: 2);
        LogScale y = new(points.Min(point => point.Y), points.Max(point => point.Y), Bottom, Top, root: 10);
        Svg svg = new(Width, Height, Title);
        svg.Text("class=\"title\"", 24, 26, Title);
        svg.Text("", 24, 46, Note);
        Axes(svg, x, y);
        for (int i = 0; i < Series.Count; i++)
        {
            (double X, double Y)[] places = [.. Series[i].Points.Select(point => (x.At(point.X), y.At(point.Y)))];
            svg.Line(places, i);
            foreach ((double px, double py) in places)
            {
                svg.Mark(px, py, i);
            }

            double at = Top + 10 + (i * LegendLine);
            svg.Mark(Right + 20, at, i);
            svg.Text("", Right + 32, at + 4, Series[i].Name);
        }

        return svg.ToString();
    }

    private static void Axes(Svg svg, LogScale x, LogScale y)
    {
        // Every power of two has its line; so many numbers would run into each other.
        int numbered = x.Ticks.Count > 8 ? 2 : 1;
        for (int i = 0; i < x.Ticks.Count; i++)
        {
            svg.Rule(x.At(x.Ticks[i]), Top, x.At(x.Ticks[i]), Bottom);
            if (i % numbered == 0)
            {
                svg.Text("text-anchor=\"middle\"", x.At(x.Ticks[i]), Bottom + 18, Bytes(x.Ticks[i]));
            }
        }

        foreach (double tick in y.Ticks)
        {
            svg.Rule(Left, y.At(tick), Right, y.At(tick));
            svg.Text("text-anchor=\"end\"", Left - 8, y.At(tick) + 4, Units.Time(tick));
        }

        svg.Text("text-anchor=\"middle\"", (Left + Right) / 2.0, Height - 16, "bytes (powers of two)");
        svg.Text(
            $"text-anchor=\"middle\" transform=\"rotate(-90 18 {(Top + Bottom) / 2})\"",
            18,
            (Top + Bottom) / 2.0,
            "median time of an operation (powers of ten)");
    }

    private static string Bytes(double value) => value >= 1024
        ? string.Create(CultureInfo.InvariantCulture, $"{value / 1024:0} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{value:0} B");
}
