using System.Reflection;
using System.Text.RegularExpressions;
using BenchmarkDotNet.Attributes;
using DirectMap.Benchmarks.Report;
using DirectMap.FileSystems;
using DirectMap.Tests.Infrastructure;

namespace DirectMap.Benchmarks.Tests;

/// <summary>Benchmarks, tables, plots and the page know each other.</summary>
public sealed class CatalogueTests
{
    private static readonly (Type Type, MethodInfo Method)[] s_benchmarks =
    [
        .. typeof(Tables).Assembly.GetTypes().SelectMany(type => type.GetMethods()
            .Where(method => method.GetCustomAttribute<BenchmarkAttribute>() is not null)
            .Select(method => (type, method))),
    ];

    [Theory]
    [InlineData("Access")]
    [InlineData("Scope")]
    [InlineData("Persist")]
    [InlineData("Copy")]
    [InlineData("Map")]
    [InlineData("Lease")]
    [InlineData("Break")]
    [InlineData("BlockMap")]
    [InlineData("Log")]
    [InlineData("Telemetry")]
    [InlineData("pmembench")]
    public void There_are_benchmarks_of_each_category(string category) =>
        Assert.Contains(s_benchmarks, benchmark => Categories(benchmark.Method).Contains(category));

    [Fact]
    public void Every_benchmark_has_a_category() => Assert.All(s_benchmarks, benchmark => Assert.NotEmpty(Categories(benchmark.Method)));

    [Fact]
    public void Every_benchmark_is_in_a_table_and_every_table_is_of_benchmarks()
    {
        string[] measured =
            [.. s_benchmarks.Select(benchmark => $"{benchmark.Type.Name}.{benchmark.Method.Name}").Order(StringComparer.Ordinal)];
        string[] shown = [.. Tables.All.SelectMany(table => table.Methods.Select(method => $"{table.Type}.{method.Method}"))
            .Order(StringComparer.Ordinal)];

        Assert.Equal(measured, shown);
    }

    [Fact]
    public void Every_table_is_told_apart_by_parameters_that_there_are()
    {
        foreach (Table table in Tables.All)
        {
            Type type = s_benchmarks.First(benchmark => benchmark.Type.Name == table.Type).Type;
            string[] parameters = [.. type.GetProperties()
                .Where(property => property.IsDefined(typeof(ParamsAttribute)) || property.IsDefined(typeof(ParamsSourceAttribute)))
                .Select(property => property.Name)
                .Order()];

            Assert.Equal(parameters, (table.Across is null ? table.By : [table.Across]).Order());
        }
    }

    [Fact]
    public void The_page_has_every_table_and_every_plot()
    {
        string page = File.ReadAllText(Repository.File("docs/benchmarks.md"));

        Assert.Equal(
            ["machine", .. Tables.All.Select(table => table.Name)],
            Regex.Matches(page, "<!-- table: (.*) -->").Select(mark => mark.Groups[1].Value).Order(StringComparer.Ordinal)
                .OrderBy(name => Array.FindIndex([.. Tables.All], table => table.Name == name)));
        Assert.Equal(
            Directory.EnumerateFiles(Repository.File("docs/plots")).Select(path => $"plots/{Path.GetFileName(path)}")
                .Order(StringComparer.Ordinal),
            Regex.Matches(page, @"!\[[^\]]*\]\((plots/[^)]*)\)").Select(link => link.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    private static string[] Categories(MethodInfo method) =>
        [.. method.GetCustomAttributes<BenchmarkCategoryAttribute>().SelectMany(attribute => attribute.Categories)];
}
