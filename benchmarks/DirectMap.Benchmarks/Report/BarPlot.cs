namespace DirectMap.Benchmarks.Report;

/// <summary>Bars on a logarithmic axis, one for each name, in groups.</summary>
/// <param name="Title">What is shown.</param>
/// <param name="Note">Below the title.</param>
/// <param name="XLabel">What the axis is, with its unit.</param>
/// <param name="Groups">One or more; each with one or more bars of more than 0 nanoseconds.</param>
internal sealed record BarPlot(
    string Title, string Note, string XLabel, IReadOnlyList<(string Name, IReadOnlyList<(string Name, double Value)> Bars)> Groups)
{
    private const int Width = 760;
    private const int Left = 250;
    private const int Right = 680;
    private const int Top = 66;
    private const int RowHeight = 24;

    internal string ToSvg()
    {
        double[] values = [.. Groups.SelectMany(group => group.Bars).Select(bar => bar.Value)];
        LogScale x = new(values.Min(), values.Max(), Left, Right, root: 10);
        int rows = values.Length + Groups.Count;
        int bottom = Top + (rows * RowHeight);
        Svg svg = new(Width, bottom + 58, Title);
        svg.Text("class=\"title\"", 24, 26, Title);
        svg.Text("", 24, 46, Note);
        foreach (double tick in x.Ticks)
        {
            svg.Rule(x.At(tick), Top, x.At(tick), bottom);
            svg.Text("text-anchor=\"middle\"", x.At(tick), bottom + 18, Units.Time(tick));
        }

        svg.Text("text-anchor=\"middle\"", (Left + Right) / 2.0, bottom + 42, XLabel);
        double y = Top;
        for (int group = 0; group < Groups.Count; group++)
        {
            svg.Text("class=\"title\"", 24, y + 17, Groups[group].Name);
            y += RowHeight;
            foreach ((string name, double value) in Groups[group].Bars)
            {
                svg.Text("text-anchor=\"end\"", Left - 8, y + 16, name);
                svg.Bar(Left, y + 4, Math.Max(x.At(value) - Left, 1), RowHeight - 8, group);
                svg.Text("", x.At(value) + 6, y + 16, Units.Time(value));
                y += RowHeight;
            }
        }

        return svg.ToString();
    }
}
