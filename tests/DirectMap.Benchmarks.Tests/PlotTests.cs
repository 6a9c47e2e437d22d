using System.Globalization;
using System.Xml.Linq;
using DirectMap.Benchmarks.Report;

namespace DirectMap.Benchmarks.Tests;

/// <summary>Plots are well-formed, say what they show, and are the same for the same results.</summary>
public sealed class PlotTests : IDisposable
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    private readonly ResultsFolder _folder = new();

    [Fact]
    public void An_export_of_BenchmarkDotNet_becomes_plots()
    {
        _folder.With("CopyBenchmarks");
        StringWriter output = new();

        Assert.Equal(0, ReportCommand.Run(["plots", _folder.Path, _folder.Beside("plots")], output, TextWriter.Null));

        Assert.Equal(
            [_folder.Beside("plots/copy.svg"), _folder.Beside("plots/fill.svg")],
            output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
        XElement plot = XDocument.Load(_folder.Beside("plots/copy.svg")).Root!;
        Assert.Equal(s_svg + "svg", plot.Name);
        Assert.Equal(3, plot.Elements(s_svg + "polyline").Count());
        string[] texts = [.. plot.Elements(s_svg + "text").Select(text => text.Value)];
        Assert.Contains("DirectMap PersistCopy", texts);
        Assert.Contains("libpmem2 memcpy_fn", texts);
        Assert.Contains("32 KiB", texts);
        Assert.Contains("10 us", texts);
        Assert.Contains(texts, text => text.Contains("no durability"));
        Assert.Contains(texts, text => text.StartsWith("bytes"));
        Assert.Contains(texts, text => text.StartsWith("median time"));
    }

    [Fact]
    public void The_same_results_make_the_same_text()
    {
        Results results = _folder.With("CopyBenchmarks").Read();

        Plots.Write(results, _folder.Beside("first"));
        Plots.Write(_folder.Read(), _folder.Beside("second"));

        Assert.Equal(File.ReadAllBytes(_folder.Beside("first/copy.svg")), File.ReadAllBytes(_folder.Beside("second/copy.svg")));
    }

    [Fact]
    public void A_tenfold_time_is_as_far_up_anywhere()
    {
        XElement plot = XElement.Parse(new Plot("", "", [new Series("", [(8, 10), (64, 100), (512, 1000)])]).ToSvg());

        (double X, double Y)[] points = [.. plot.Element(s_svg + "polyline")!.Attribute("points")!.Value.Split(' ')
            .Select(point => point.Split(','))
            .Select(pair => (Number(pair[0]), Number(pair[1])))];

        Assert.Equal(points[0].Y - points[1].Y, points[1].Y - points[2].Y, 0.011);
        Assert.Equal(points[1].X - points[0].X, points[2].X - points[1].X, 0.011);
        Assert.True(points[0].Y > points[1].Y, "the longer time is further up");
    }

    [Fact]
    public void What_is_not_in_a_plot_is_refused()
    {
        _folder.With("LeaseBenchmarks", ("InterlockedPair", "", 10));
        StringWriter error = new();

        Assert.Equal(1, ReportCommand.Run(["plots", _folder.Path, _folder.Beside("plots")], TextWriter.Null, error));

        Assert.Contains("None of the results is in a plot", error.ToString());
        Assert.False(Directory.Exists(_folder.Beside("plots")));
    }

    [Fact]
    public void An_empty_folder_is_refused()
    {
        StringWriter error = new();

        Assert.Equal(1, ReportCommand.Run(["plots", _folder.Path, _folder.Beside("plots")], TextWriter.Null, error));

        Assert.Contains("run the benchmarks first", error.ToString());
    }

    [Fact]
    public void Access_is_bars_in_two_groups()
    {
        _folder.With("AccessBenchmarks", ("ReadRawPointer", "", 0.3), ("ReadViewAccessor", "", 13), ("WriteRawPointer", "", 0.4));

        Plots.Write(_folder.Read(), _folder.Path);

        XElement plot = XDocument.Load(_folder.Beside("access.svg")).Root!;
        Assert.Equal(3, plot.Elements(s_svg + "rect").Count(bar => bar.Attribute("fill") is not null));
        Assert.Equal(2, plot.Elements(s_svg + "rect").Select(bar => bar.Attribute("fill")?.Value).Where(colour =>
            colour is not null).Distinct().Count());
    }

    [Fact]
    public void Words_that_mean_something_to_XML_are_text() =>
        Assert.Contains("<&>\"", XElement.Parse(new Plot("<&>\"", "", [new Series("a<b", [(8, 1)])]).ToSvg()).Elements(s_svg + "text")
            .Select(text => text.Value));

    public void Dispose() => _folder.Dispose();

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
