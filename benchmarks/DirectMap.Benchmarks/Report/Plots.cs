using System.Globalization;

namespace DirectMap.Benchmarks.Report;

/// <summary>The plots of docs/benchmarks.md.</summary>
internal static class Plots
{
    private const string NotDurable = "Emulated by cache lines on ordinary memory: what it costs, and no durability.";

    private static readonly string[] s_kinds = ["Read", "Write"];

    private static readonly (string Words, string Method)[] s_ways =
    [
        ("raw pointer", "RawPointer"), ("pinned span", "PinnedSpan"), ("span of a scope", "ThroughScope"), ("checked", "Checked"),
        ("checked, judged at access", "JudgedAtAccess"), ("MemoryMappedViewAccessor", "ViewAccessor"),
    ];

    /// <returns>The files that were written: those plots of which the results have something.</returns>
    /// <exception cref="ReportException">The results have nothing of any.</exception>
    internal static IReadOnlyList<string> Write(Results results, string folder)
    {
        (string Name, string? Svg)[] all =
        [
            ("copy", Lines("A copy that is durable when it returns", NotDurable, results,
                ("DirectMap PersistCopy", nameof(CopyBenchmarks), nameof(CopyBenchmarks.PersistCopy), []),
                ("libpmem2 memcpy_fn", nameof(CopyBenchmarks), nameof(CopyBenchmarks.LibpmemMemcpy), []),
                ("DirectMap CopyFrom (not durable)", nameof(CopyBenchmarks), nameof(CopyBenchmarks.CopyFrom), []))),
            ("fill", Lines("A fill that is durable when it returns", NotDurable, results,
                ("DirectMap PersistFill", nameof(CopyBenchmarks), nameof(CopyBenchmarks.PersistFill), []),
                ("libpmem2 memset_fn", nameof(CopyBenchmarks), nameof(CopyBenchmarks.LibpmemMemset), []))),
            ("persist", Lines(
                "Stores to a range, and a persist of it",
                "Cache lines: emulated on ordinary memory, no durability. Pages: msync; durable on a disk's file system only.",
                results,
                ("cache lines, DirectMap", nameof(PersistLinesBenchmarks), nameof(PersistLinesBenchmarks.Persist), []),
                ("cache lines, libpmem2", nameof(PersistLinesBenchmarks), nameof(PersistLinesBenchmarks.LibpmemPersist), []),
                ("pages on tmpfs, DirectMap", nameof(PersistPagesBenchmarks), nameof(PersistPagesBenchmarks.Persist), [("On", "Tmpfs")]),
                (
                    "pages on tmpfs, bare msync",
                    nameof(PersistPagesBenchmarks),
                    nameof(PersistPagesBenchmarks.BareMsyncCall),
                    [("On", "Tmpfs")]),
                ("pages on a disk, DirectMap", nameof(PersistPagesBenchmarks), nameof(PersistPagesBenchmarks.Persist), [("On", "Here")]),
                (
                    "pages on a disk, bare msync",
                    nameof(PersistPagesBenchmarks),
                    nameof(PersistPagesBenchmarks.BareMsyncCall),
                    [("On", "Here")]),
                ("write, FlushToDisk on a "
                    + "disk", nameof(PersistPagesBenchmarks), nameof(PersistPagesBenchmarks.WriteAndFlushToDisk), [("On", "Here")]))),
            ("access", Access(results)),
        ];
        if (all.All(plot => plot.Svg is null))
        {
            throw new ReportException(
                $"None of the results is in a plot: these are of {nameof(CopyBenchmarks)}, {nameof(PersistLinesBenchmarks)}, "
                    + $"{nameof(PersistPagesBenchmarks)} and {nameof(AccessBenchmarks)}.");
        }

        Directory.CreateDirectory(folder);
        List<string> written = [];
        foreach ((string name, string? svg) in all)
        {
            if (svg is not null)
            {
                string path = Path.Combine(folder, name + ".svg");
                File.WriteAllText(path, svg);
                written.Add(path);
            }
        }

        return written;
    }

    private static string? Lines(
        string title, string note, Results results, params (string Name, string Type, string Method, (string, string)[] Parameters)[] lines)
    {
        Series[] series =
        [
            .. lines.Select(line => new Series(line.Name, [.. results.Of(line.Type, line.Method, line.Parameters)
                .Select(result => (double.Parse(result.Parameters["Size"], CultureInfo.InvariantCulture), result.Median))
                .OrderBy(point => point.Item1)]))
                .Where(line => line.Points.Count > 0),
        ];
        return series.Length == 0 ? null : new Plot(title, note, series).ToSvg();
    }

    private static string? Access(Results results)
    {
        (string, IReadOnlyList<(string, double)>)[] groups =
        [
            .. s_kinds
                .Select(kind => (kind, (IReadOnlyList<(string, double)>)[.. s_ways
                    .Select(way => (way.Item1, results.Find(nameof(AccessBenchmarks), kind + way.Item2)?.Median ?? 0))
                    .Where(bar => bar.Item2 > 0)]))
                .Where(group => group.Item2.Count > 0),
        ];
        return groups.Length == 0 ? null : new BarPlot(
            "Eight bytes, one after the other over 4 KiB",
            "In the first cache of the processor.",
            "median time of an access (powers of ten)",
            groups).ToSvg();
    }
}
