using System.Globalization;
using System.Text.Json;
using DirectMap.Tool.Benchmarking;
using DirectMap.Tool.Terminal;
using Spectre.Console;

namespace DirectMap.Tool.Rendering;

/// <summary>What <c>bench</c> measured: a table on a terminal, one figure a line elsewhere, or JSON.</summary>
internal static class BenchTable
{
    internal static void Write(ToolConsole console, BenchReport report, bool asJson)
    {
        if (asJson)
        {
            console.Out.WriteLine(JsonSerializer.Serialize(Json(report), JsonContext.Default.BenchJson));
        }
        else if (console.IsTerminal)
        {
            WriteTable(console.Terminal(), report);
        }
        else
        {
            WriteLines(console.Out, report);
        }
    }

    private static BenchJson Json(BenchReport report) => new(
        report.Path,
        report.Length,
        report.IsEmulated,
        Words.Name(report.Durability.Value),
        [.. report.Persists.Select(persist =>
            new PersistJson(persist.Bytes, Micros(persist.Times.Median), Micros(persist.Times.P99), persist.Times.Samples))],
        [.. report.Copies.Select(copy => new CopyJson(Name(copy.Kind), Math.Round(copy.GigabytesPerSecond, 3), copy.Bytes))]);

    private static void WriteTable(IAnsiConsole console, BenchReport report)
    {
        console.MarkupLine($" [bold]{Markup.Escape(Printable.Text(report.Path))}[/]");
        console.Write(new Padder(new Markup($"{ByteSize.Format(report.Length)} [grey]|[/] {Durability(report)}"), new Padding(1, 0, 1, 0)));
        console.WriteLine();
        Table persists = New(console, "persist", "median", "p99", "samples");
        foreach (PersistLatency persist in report.Persists)
        {
            persists.AddRow(
                ByteSize.Format(persist.Bytes),
                Latency(persist.Times.Median),
                Latency(persist.Times.P99),
                Text($"{persist.Times.Samples}"));
        }

        console.Write(persists);
        Table copies = New(console, "copy", "GB/s");
        foreach (CopySpeed copy in report.Copies)
        {
            copies.AddRow(Title(copy.Kind), Text($"{copy.GigabytesPerSecond:0.00}"));
        }

        console.Write(copies);
    }

    private static void WriteLines(TextWriter output, BenchReport report)
    {
        output.WriteLine($"path: {Printable.Text(report.Path)}");
        output.WriteLine(Text($"length: {report.Length}"));
        output.WriteLine($"emulated: {(report.IsEmulated ? "yes" : "no")}");
        output.WriteLine($"durability: {Words.Name(report.Durability.Value)}, {report.Durability.Reason}");
        foreach (PersistLatency persist in report.Persists)
        {
            Quantiles times = persist.Times;
            FormattableString figures = $"median {Micros(times.Median)} us, p99 {Micros(times.P99)} us, samples {times.Samples}";
            output.WriteLine(Text($"persist {persist.Bytes}: {Text(figures)}"));
        }

        foreach (CopySpeed copy in report.Copies)
        {
            output.WriteLine(Text($"copy {Words.Key(Name(copy.Kind))}: {copy.GigabytesPerSecond:0.000} GB/s"));
        }
    }

    private static Table New(IAnsiConsole console, params string[] headers)
    {
        Table table = new Table { Border = console.Profile.Capabilities.Unicode ? TableBorder.Rounded : TableBorder.Ascii }
            .BorderColor(Color.Grey);
        for (int i = 0; i < headers.Length; i++)
        {
            table.AddColumn(new TableColumn($"[grey]{headers[i]}[/]") { Alignment = i == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        }

        return table;
    }

    private static string Durability(BenchReport report) =>
        Markup.Escape($"{(report.IsEmulated ? "emulated persistent memory" : "persistent memory")}, {report.Durability.Reason}");

    private static string Title(CopyKind kind) => kind switch
    {
        CopyKind.OutOfRegion => "out of the region",
        CopyKind.IntoRegion => "into the region",
        CopyKind.IntoRegionPersisted => "into the region, Persist",
        CopyKind.FileStream => "FileStream.Write",
        _ => "FileStream.Write, FlushToDisk",
    };

    private static string Name(CopyKind kind) => JsonNamingPolicy.CamelCase.ConvertName(kind.ToString());

    private static double Micros(TimeSpan time) => Math.Round(time.TotalMicroseconds, 1);

    private static string Latency(TimeSpan time) =>
        time.TotalMilliseconds >= 1 ? Text($"{time.TotalMilliseconds:0.00} ms") : Text($"{time.TotalMicroseconds:0.0} us");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
