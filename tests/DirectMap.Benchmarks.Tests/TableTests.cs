using DirectMap.Benchmarks.Report;

namespace DirectMap.Benchmarks.Tests;

/// <summary>Tables are made between their marks and nowhere else.</summary>
public sealed class TableTests : IDisposable
{
    private readonly ResultsFolder _folder = new();

    [Fact]
    public void Rows_are_by_size_with_ratios_to_the_first()
    {
        _folder.With(
            "CopyBenchmarks",
            ("LibpmemMemcpy", "Size=1024", 200),
            ("PersistCopy", "Size=1024", 150),
            ("LibpmemMemcpy", "Size=64", 100),
            ("PersistCopy", "Size=64", 110));

        Assert.Equal(
            """
            before
            <!-- table: copy -->
            | bytes | libpmem2 memcpy | `PersistCopy` | noise |
            | --- | --- | --- | --- |
            | 64 | 100 ns | **1.10** (110 ns) | 5.0 % |
            | 1024 | 200 ns | **0.75** (150 ns) | 5.0 % |
            <!-- end of table -->
            after

            """,
            Made("before\n<!-- table: copy -->\nold\n<!-- end of table -->\nafter\n"));
    }

    [Fact]
    public void Without_libpmem2_there_are_times_and_no_ratios()
    {
        _folder.With("CopyBenchmarks", ("PersistCopy", "Size=64", 110));

        Assert.Contains("| 64 | - | 110 ns | 5.0 % |", Made("<!-- table: copy -->\n<!-- end of table -->\n"));
    }

    [Fact]
    public void Methods_are_rows_where_there_is_no_size()
    {
        _folder.With("ScopeBenchmarks", ("AcquirePointerReleasePointer", "", 20), ("AcquireCompleteDispose", "", 5));

        Assert.Contains(
            "| `OpenScope`, `Complete`, `Dispose` | **0.25** | 5 ns | 5.0 % | 0 B |",
            Made("<!-- table: scope -->\n<!-- end of table -->\n"));
    }

    [Fact]
    public void Values_are_columns_where_they_are_compared()
    {
        _folder.With("LookUpBenchmarks", ("BreakBetweenLeases", "Leases=64", 100), ("BreakBetweenLeases", "Leases=65536", 300));

        Assert.Contains(
            "| a breaker that finds no lease in its way | 100 ns | **3.00** (300 ns) | 5.0 % | 0 B |",
            Made("<!-- table: look-up -->\n<!-- end of table -->\n"));
    }

    [Fact]
    public void A_table_that_was_not_measured_stays()
    {
        _folder.With("CopyBenchmarks", ("PersistCopy", "Size=64", 110));

        Assert.Contains("old", Made("<!-- table: scope -->\nold\n<!-- end of table -->\n<!-- table: copy -->\n<!-- end of table -->\n"));
    }

    [Theory]
    [InlineData("no mark\n", "no table")]
    [InlineData("<!-- table: scope -->\n<!-- end of table -->\n", "no table")]
    [InlineData("<!-- table: nonsense -->\n<!-- end of table -->\n", "no table nonsense")]
    [InlineData("<!-- table: copy -->\n", "no end")]
    [InlineData("<!-- table: copy -->\n<!-- table: fill -->\n<!-- end of table -->\n", "no end")]
    public void A_page_that_marks_nothing_or_nonsense_is_refused_and_stays(string text, string reason)
    {
        _folder.With("CopyBenchmarks");
        string page = _folder.Beside("page.md");
        File.WriteAllText(page, text);
        StringWriter error = new();

        Assert.Equal(1, ReportCommand.Run(["tables", _folder.Path, page], TextWriter.Null, error));

        Assert.Contains(reason, error.ToString());
        Assert.Equal(text, File.ReadAllText(page));
    }

    [Fact]
    public void Wrong_arguments_show_what_is_right()
    {
        StringWriter error = new();

        Assert.Equal(2, ReportCommand.Run(["tables"], TextWriter.Null, error));

        Assert.Contains("RESULTS_FOLDER", error.ToString());
    }

    public void Dispose() => _folder.Dispose();

    private string Made(string text)
    {
        string page = _folder.Beside("page.md");
        File.WriteAllText(page, text);
        Tables.Write(_folder.Read(), page);
        return File.ReadAllText(page);
    }
}
