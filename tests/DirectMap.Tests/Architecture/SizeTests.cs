namespace DirectMap.Tests.Architecture;

/// <summary>
/// No file over 400 lines, no method over 60, of the library and of its tests. No constructor with more than 6 parameters, but for the
/// exception that stands here with its size, which it may not exceed. That list only shrinks.
/// </summary>
public sealed class SizeTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private static readonly Dictionary<string, int> s_constructors = new()
    {
        ["MappingFaultException..ctor"] = 10,
    };

    [Fact]
    public void No_other_file_is_longer_than_400_lines() =>
        Assert.Empty(Sizes.Files(
            new[] { "src", "tests", "benchmarks", "samples" }.SelectMany(folder => Sizes.Sources(folder, ".cs", ".c", ".h"))));

    [Fact]
    public void No_other_method_is_longer_than_60_lines() =>
        Assert.Empty(Sizes.Methods(library.Library).Concat(Sizes.Methods(library.Contracts)));

    [Fact]
    public void No_other_method_of_the_tests_is_longer_than_60_lines()
    {
        using BuiltAssembly tests = BuiltAssembly.Of(typeof(SizeTests).Assembly);

        Assert.Empty(Sizes.Methods(tests));
    }

    [Fact]
    public void No_other_constructor_has_more_than_6_parameters() =>
        Assert.Empty(Sizes.Wrong(Sizes.Constructors(library.Library).Concat(Sizes.Constructors(library.Contracts)), s_constructors));
}
