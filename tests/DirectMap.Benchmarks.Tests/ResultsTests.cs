using System.Text.Json.Nodes;
using DirectMap.Benchmarks.Report;

namespace DirectMap.Benchmarks.Tests;

/// <summary>What BenchmarkDotNet has exported is read; what it has not is refused, and why.</summary>
public sealed class ResultsTests : IDisposable
{
    private readonly ResultsFolder _folder = new();

    [Fact]
    public void An_export_of_BenchmarkDotNet_is_read()
    {
        Results results = _folder.With("CopyBenchmarks").Read();

        Result copy = results.Find("CopyBenchmarks", "PersistCopy", ("Size", "1024"))!;
        JsonNode exported = JsonNode.Parse(ResultsFolder.Sample("CopyBenchmarks"))!["Benchmarks"]!.AsArray()
            .Single(benchmark => benchmark!["Method"]!.ToString() == "PersistCopy" && benchmark["Parameters"]!.ToString() == "Size=1024")!;
        Assert.Equal(exported["Statistics"]!["Median"]!.GetValue<double>(), copy.Median);
        Assert.Equal(exported["Statistics"]!["ConfidenceInterval"]!["Margin"]!.GetValue<double>(), copy.Error);
        Assert.Equal(0, copy.Allocated);
        Assert.Equal(["8", "1024", "65536"], results.ValuesOf("CopyBenchmarks", "Size"));
        Assert.Contains("logical processors", results.Machine);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_refused() =>
        Assert.Contains("no folder", Assert.Throws<ReportException>(() => Results.Read(_folder.Beside("none"))).Message);

    [Fact]
    public void A_parameter_that_is_there_twice_is_refused() =>
        Assert.Contains(
            "CopyBenchmarks",
            Assert.Throws<ReportException>(_folder.With("CopyBenchmarks", [("PersistCopy", "Size=8&Size=9", 1)]).Read).Message);

    [Fact]
    public void A_folder_that_cannot_be_written_to_is_said_to_be_and_not_thrown()
    {
        using StringWriter output = new(), error = new();

        Assert.Equal(1, ReportCommand.Run(["plots", _folder.With("CopyBenchmarks").Path, "/proc/plots"], output, error));
        Assert.Contains("/proc/plots", error.ToString());
    }

    [Fact]
    public void A_folder_without_results_is_refused()
    {
        File.WriteAllText(_folder.Beside("other.json"), "{}");

        Assert.Contains("*-report-full.json", Assert.Throws<ReportException>(_folder.Read).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not JSON")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"HostEnvironmentInfo\": {}, \"Benchmarks\": []}")]
    public void A_file_that_is_not_an_export_is_refused(string text)
    {
        _folder.With("Other", text);

        ReportException refused = Assert.Throws<ReportException>(_folder.Read);

        Assert.Contains("Other-report-full.json", refused.Message);
        Assert.Contains("not what BenchmarkDotNet", refused.Message);
    }

    [Fact]
    public void An_export_of_failures_only_is_refused()
    {
        JsonNode document = JsonNode.Parse(ResultsFolder.Sample("CopyBenchmarks"))!;
        foreach (JsonNode? benchmark in document["Benchmarks"]!.AsArray())
        {
            benchmark!["Statistics"] = null;
        }

        _folder.With("CopyBenchmarks", document.ToJsonString());

        Assert.Contains("all of them failed", Assert.Throws<ReportException>(_folder.Read).Message);
    }

    [Fact]
    public void Results_of_two_machines_are_not_mixed()
    {
        JsonNode document = JsonNode.Parse(ResultsFolder.Sample("CopyBenchmarks"))!;
        document["HostEnvironmentInfo"]!["ProcessorName"] = "Another one";
        _folder.With("CopyBenchmarks").With("Other", document.ToJsonString());

        Assert.Contains("Another one", Assert.Throws<ReportException>(_folder.Read).Message);
    }

    [Fact]
    public void What_ran_once_has_no_known_noise()
    {
        JsonNode document = JsonNode.Parse(ResultsFolder.Sample("CopyBenchmarks"))!;
        document["Benchmarks"]![0]!["Statistics"]!["ConfidenceInterval"]!["Margin"] = "NaN";
        _folder.With("CopyBenchmarks", document.ToJsonString());

        Assert.Contains(
            _folder.Read().Of("CopyBenchmarks", document["Benchmarks"]![0]!["Method"]!.ToString()), result => double.IsNaN(result.Noise));
    }

    public void Dispose() => _folder.Dispose();
}
