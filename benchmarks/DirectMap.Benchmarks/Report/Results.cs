using System.Globalization;
using System.Text.Json;

namespace DirectMap.Benchmarks.Report;

/// <summary>The results that BenchmarkDotNet's full JSON exporter has left in a folder.</summary>
internal sealed class Results
{
    private const string Pattern = "*-report-full.json";

    private readonly List<Result> _all;

    private Results(List<Result> all, string machine) => (_all, Machine) = (all, machine);

    /// <summary>Processor, system, runtime and processors, as BenchmarkDotNet names them.</summary>
    internal string Machine { get; }

    /// <exception cref="ReportException">There are none, or a file is not BenchmarkDotNet's.</exception>
    internal static Results Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new ReportException($"There is no folder {folder}.");
        }

        string[] files = [.. Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal)];
        if (files.Length == 0)
        {
            throw new ReportException(
                $"{folder} has no {Pattern}: run the benchmarks first; they leave them in BenchmarkDotNet.Artifacts/results.");
        }

        List<Result> all = [];
        SortedSet<string> machines = new(StringComparer.Ordinal);
        foreach (string file in files)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
                machines.Add(MachineOf(document.RootElement.GetProperty("HostEnvironmentInfo")));
                all.AddRange(document.RootElement.GetProperty("Benchmarks").EnumerateArray().Select(ResultOf).OfType<Result>());
            }
            catch (Exception e)
                when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
            {
                throw new ReportException($"{file} is not what BenchmarkDotNet's full JSON exporter writes: {e.Message}");
            }
        }

        return all.Count == 0
            ? throw new ReportException($"{folder} has files, but no benchmark in them has a result: all of them failed.")
            : machines.Count > 1
            ? throw new ReportException(
                $"{folder} has results of several machines, which are not to be compared: {string.Join("; ", machines)}.")
            : new Results(all, machines.Single());
    }

    /// <summary>Of a method, with these parameters; null where it was not measured.</summary>
    internal Result? Find(string type, string method, params (string Name, string Value)[] parameters) =>
        _all.LastOrDefault(result => result.Type == type && result.Method == method
            && parameters.All(parameter => result.Parameters.GetValueOrDefault(parameter.Name) == parameter.Value));

    /// <summary>All of a method, with these parameters.</summary>
    internal IEnumerable<Result> Of(string type, string method, params (string Name, string Value)[] parameters) =>
        _all.Where(result => result.Type == type && result.Method == method
            && parameters.All(parameter => result.Parameters.GetValueOrDefault(parameter.Name) == parameter.Value));

    /// <summary>
    /// The values of a parameter that were measured with these others, as numbers or, if they are none, in the order of the results.
    /// </summary>
    internal IReadOnlyList<string> ValuesOf(string type, string parameter, params (string Name, string Value)[] parameters) =>
    [
        .. _all.Where(result => result.Type == type && result.Parameters.ContainsKey(parameter)
            && parameters.All(other => result.Parameters.GetValueOrDefault(other.Name) == other.Value))
            .Select(result => result.Parameters[parameter]).Distinct()
            .OrderBy(value => double.TryParse(value, CultureInfo.InvariantCulture, out double number) ? number : 0),
    ];

    private static Result? ResultOf(JsonElement benchmark)
    {
        if (benchmark.GetProperty("Statistics") is not { ValueKind: JsonValueKind.Object } statistics)
        {
            return null;
        }

        Dictionary<string, string> parameters = benchmark.GetProperty("Parameters").GetString()!
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "");

        // Of a single measurement there is no interval: the exporter writes it as a text.
        JsonElement margin = statistics.GetProperty("ConfidenceInterval").GetProperty("Margin");
        return new Result(
            benchmark.GetProperty("Type").GetString()!,
            benchmark.GetProperty("Method").GetString()!,
            parameters,
            statistics.GetProperty("Median").GetDouble(),
            margin.ValueKind == JsonValueKind.Number ? margin.GetDouble() : double.NaN,
            benchmark.TryGetProperty("Memory", out JsonElement memory) && memory.ValueKind == JsonValueKind.Object
                && memory.GetProperty("BytesAllocatedPerOperation") is { ValueKind: JsonValueKind.Number } bytes ? bytes.GetInt64() : null);
    }

    private static string MachineOf(JsonElement host) =>
        $"{host.GetProperty("ProcessorName").GetString()}, {host.GetProperty("LogicalCoreCount")} logical processors, "
        + $"{host.GetProperty("OsVersion").GetString()}, {host.GetProperty("RuntimeVersion").GetString()}, BenchmarkDotNet "
        + $"{host.GetProperty("BenchmarkDotNetVersion").GetString()}";
}
