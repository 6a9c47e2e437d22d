using DirectMap.Tests.Infrastructure;

namespace DirectMap.Tests.Architecture;

/// <summary>No line of code is wider than 140 columns, as .editorconfig says.</summary>
public sealed class WidthTests
{
    private const int Columns = 140;

    /// <summary>Tables of test data, whose rows are easier to compare when each is one line.</summary>
    private static readonly string[] s_tables =
        ["tests/DirectMap.Tests/BlockMaps/VerdictTable.cs", "tests/DirectMap.Tests/Api/ApiTextTests.cs"];

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("benchmarks")]
    [InlineData("samples")]
    public void No_line_is_wider_than_140_columns(string folder)
    {
        string[] files = [.. Sizes.Sources(folder, ".cs", ".c", ".h", ".sh").Except(s_tables)];
        IEnumerable<string> wide = files.SelectMany(
            file => File.ReadLines(Repository.File(file)).Select((line, at) => (line, Place: $"{file}:{at + 1}"))
                .Where(line => line.line.Length > Columns),
            (_, line) => $"{line.Place} has {line.line.Length}");

        Assert.NotEmpty(files);
        Assert.Empty(wide);
    }

    [Fact]
    public void The_width_is_in_editorconfig() =>
        Assert.Contains($"max_line_length = {Columns}", File.ReadLines(Repository.File(".editorconfig")));

    [Fact]
    public void Every_table_that_is_left_out_is_there_and_has_a_wide_line()
    {
        IEnumerable<string> narrow = s_tables.Where(file => !File.ReadLines(Repository.File(file)).Any(line => line.Length > Columns));

        Assert.Empty(narrow);
    }
}
