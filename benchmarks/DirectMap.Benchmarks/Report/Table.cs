namespace DirectMap.Benchmarks.Report;

/// <summary>
/// One table of docs/benchmarks.md: what the methods of a class took beside the first of them, for each set of parameters.
/// </summary>
/// <param name="Name">As the page marks it.</param>
/// <param name="Type">The class.</param>
/// <param name="By">The parameters that the rows are told apart by; with none the methods are the rows.</param>
/// <param name="Methods">With the words for them; the ratios are to the first.</param>
internal sealed record Table(string Name, string Type, string[] By, params (string Method, string Words)[] Methods)
{
    /// <summary>
    /// A parameter whose values are the columns, each beside the first of them; null for a table by methods or by <see cref="By"/>.
    /// </summary>
    internal string? Across { get; init; }

    /// <returns>The lines; null where nothing of it was measured.</returns>
    internal IReadOnlyList<string>? ToMarkdown(Results results)
    {
        if (Across is not null)
        {
            return ByValues(results);
        }

        List<(string, string)[]> rows = Rows(results, [], 0);
        string[] lines = By.Length == 0 ? ByMethod(results) : [.. rows.Select(row => ByParameters(results, row)).OfType<string>()];
        if (lines.Length == 0)
        {
            return null;
        }

        string[] header = By.Length == 0
            ? ["", "ratio", "time", "noise", "allocated"]
            : [.. By.Select(Words), Methods[0].Words, .. Methods.Skip(1).Select(method => method.Words), "noise"];
        return [Row(header), Row(header.Select(_ => "---")), .. lines];
    }

    private List<(string, string)[]> Rows(Results results, (string, string)[] fixedTo, int depth) => depth == By.Length
        ? [fixedTo]
        : [.. results.ValuesOf(Type, By[depth], fixedTo).SelectMany(value => Rows(results, [.. fixedTo, (By[depth], value)], depth + 1))];

    private string? ByParameters(Results results, (string Name, string Value)[] row)
    {
        Result?[] found = [.. Methods.Select(method => results.Find(Type, method.Method, row))];
        if (found.All(result => result is null))
        {
            return null;
        }

        IEnumerable<string> others = found.Skip(1)
            .Select(result => result is null ? "-" : found[0] is null ? Units.Time(result.Median) : Beside(result, found[0]!));
        return Row([
            .. row.Select(parameter => parameter.Value),
            found[0] is null ? "-" : Units.Time(found[0]!.Median),
            .. others,
            Units.Percent(found.OfType<Result>().Max(result => result.Noise))
        ]);
    }

    private string[] ByMethod(Results results)
    {
        Result? first = results.Find(Type, Methods[0].Method);
        return
        [
            .. Methods.SelectMany(method => results.Of(Type, method.Method).Select(result => (method.Words, Result: result))).Select(line =>
            {
                string parameters = string.Join(", ", line.Result.Parameters.Select(parameter => $"{parameter.Key} {parameter.Value}"));
                Result? baseline = results.Find(
                    Type, Methods[0].Method, [.. line.Result.Parameters.Select(parameter => (parameter.Key, parameter.Value))]) ?? first;
                return Row([
                    parameters.Length == 0 ? line.Words : $"{line.Words} ({parameters})",
                    baseline is null ? "-" : $"**{Units.Ratio(line.Result.Median / baseline.Median)}**",
                    Units.Time(line.Result.Median),
                    Units.Percent(line.Result.Noise),
                    line.Result.Allocated is { } bytes ? $"{bytes} B" : "-"]);
            }),
        ];
    }

    private string[]? ByValues(Results results)
    {
        IReadOnlyList<string> values = results.ValuesOf(Type, Across!);
        string[] lines =
        [
            .. from method in Methods
               let found = values.Select(value => results.Find(Type, method.Method, (Across!, value))).ToArray()
               where found.Length > 0 && found.All(result => result is not null)
               select Row([
                   method.Words,
                   Units.Time(found[0]!.Median),
                   .. found.Skip(1).Select(result => Beside(result!, found[0]!)),
                   Units.Percent(found.Max(result => result!.Noise)),
                   $"{found.Max(result => result!.Allocated ?? 0)} B"]),
        ];
        if (lines.Length == 0)
        {
            return null;
        }

        string[] header = ["", .. values.Select(value => $"{Across} {value}"), "noise", "allocated"];
        return [Row(header), Row(header.Select(_ => "---")), .. lines];
    }

    private static string Beside(Result result, Result first) =>
        $"**{Units.Ratio(result.Median / first.Median)}** ({Units.Time(result.Median)})";

    private static string Words(string parameter) => parameter switch
    {
        "Size" => "bytes",
        "On" => "on",
        _ => parameter,
    };

    private static string Row(IEnumerable<string> cells) => $"| {string.Join(" | ", cells)} |";
}
