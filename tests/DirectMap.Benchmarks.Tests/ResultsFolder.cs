using System.Text.Json.Nodes;
using DirectMap.Benchmarks.Report;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Benchmarks.Tests;

/// <summary>A folder as BenchmarkDotNet leaves it, with the samples that it has exported once, or with what a test makes of them.</summary>
public sealed class ResultsFolder : IDisposable
{
    private const string Suffix = "-report-full.json";

    private readonly TestDirectory _directory = new();

    internal string Path => _directory.Path;

    internal static string Sample(string name)
    {
        using StreamReader reader = new(typeof(ResultsFolder).Assembly.GetManifestResourceStream(name + ".json")!);
        return reader.ReadToEnd();
    }

    internal ResultsFolder With(string name, string? text = null)
    {
        File.WriteAllText(_directory.File(name + Suffix), text ?? Sample(name));
        return this;
    }

    /// <summary>Results of one class: method, parameters, median.</summary>
    internal ResultsFolder With(string type, params (string Method, string Parameters, double Median)[] benchmarks)
    {
        JsonNode document = JsonNode.Parse(Sample("CopyBenchmarks"))!;
        string benchmark = document["Benchmarks"]![0]!.ToJsonString();
        JsonArray array = [];
        foreach ((string method, string parameters, double median) in benchmarks)
        {
            JsonNode node = JsonNode.Parse(benchmark)!;
            node["Type"] = type;
            node["Method"] = method;
            node["Parameters"] = parameters;
            node["Statistics"]!["Median"] = median;
            node["Statistics"]!["ConfidenceInterval"]!["Margin"] = median / 20;
            array.Add(node);
        }

        document["Benchmarks"] = array;
        return With(type, document.ToJsonString());
    }

    internal Results Read() => Results.Read(Path);

    internal string Beside(string name) => _directory.File(name);

    public void Dispose() => _directory.Dispose();
}
