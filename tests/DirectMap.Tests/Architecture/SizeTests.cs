namespace DirectMap.Tests.Architecture;

/// <summary>
/// No file over 400 lines, no method over 60, of the library and of its tests; no constructor with more than 6 parameters.
/// </summary>
public sealed class SizeTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    [Fact]
    public void No_file_is_longer_than_400_lines() =>
        Assert.Empty(Sizes.Files(
            new[] { "src", "tests", "benchmarks", "samples" }.SelectMany(folder => Sizes.Sources(folder, ".cs", ".c", ".h"))));

    [Fact]
    public void No_method_is_longer_than_60_lines() =>
        Assert.Empty(Sizes.Methods(library.Library).Concat(Sizes.Methods(library.Contracts)));

    [Fact]
    public void No_method_of_the_tests_is_longer_than_60_lines()
    {
        using BuiltAssembly tests = BuiltAssembly.Of(typeof(SizeTests).Assembly);

        Assert.Empty(Sizes.Methods(tests));
    }

    [Fact]
    public void No_constructor_has_more_than_6_parameters() =>
        Assert.Empty(Sizes.Constructors(library.Library).Concat(Sizes.Constructors(library.Contracts)));
}
