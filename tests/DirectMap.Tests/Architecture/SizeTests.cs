namespace DirectMap.Tests.Architecture;

/// <summary>
/// No file over 400 lines, no method over 60, no constructor with more than 6 parameters. Today's exceptions stand here with their size,
/// which they may not exceed. The lists only shrink.
/// </summary>
public sealed class SizeTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private static readonly Dictionary<string, int> s_files = new()
    {
        ["tests/DirectMap.Tests/Children/StoreCases.cs"] = 447,
        ["tests/DirectMap.Tests/Docs/Examples/FaultsExamples.cs"] = 432,
        ["tests/DirectMap.Tests/Docs/Examples/MigratingExamples.cs"] = 412,
        ["tests/DirectMap.Tests/Faults/RestorationTests.cs"] = 429,
        ["tests/DirectMap.Tests/Files/CloningTests.cs"] = 430,
        ["tests/DirectMap.Tests/Files/LeaseTests.cs"] = 419,
        ["tests/DirectMap.Tests/Files/MapEntryTests.cs"] = 474,
        ["tests/DirectMap.Tests/Layout/AccessCheckTests.cs"] = 405,
        ["tests/DirectMap.Tests/Leases/BreakTests.cs"] = 527,
        ["tests/DirectMap.Tests/Leases/InterleavingTests.cs"] = 522,
        ["tests/DirectMap.Tests/Leases/Model/LeaseModel.cs"] = 429,
        ["tests/DirectMap.Tests/Logs/PersistentLogTests.cs"] = 449,
    };

    private static readonly Dictionary<string, int> s_methods = new()
    {
    };

    /// <summary>Of the tests themselves: mostly tables, and cases that run in a process of their own.</summary>
    private static readonly Dictionary<string, int> s_methodsOfTests = new()
    {
        ["ChunkingTests.A_writer_puts_every_byte_where_it_belongs_whatever_is_asked_for_and_moves_as_a_model_does"] = 71,
        ["ReaderTable..cctor"] = 231,
        ["WriterTable..cctor"] = 112,
        ["LeaseInvariantTests.Under_many_threads_no_lease_is_in_force_and_no_other_breaker_runs_while_a_breaker_runs"] = 96,
        ["FileOperation..cctor"] = 116,
        ["CommandTests..cctor"] = 94,
        ["FileSizeLimitCases.GrowBeyondTheLimit"] = 63,
        ["LitmusCases.OpenAgainstDrain"] = 74,
        ["PortableCases.WithoutPInvoke"] = 70,
        ["RaceCases.AccessAgainstTakingAway"] = 112,
        ["RaceCases.ScopesAgainstRelease"] = 89,
        ["StoreCases.AgainstTheModel"] = 66,
        ["StoreCases.WordsAreNotTorn"] = 86,
        ["StoreCases.CheckStores"] = 64,
        ["DocumentationTests..cctor"] = 178,
    };

    private static readonly Dictionary<string, int> s_constructors = new()
    {
        ["MappingFaultException..ctor"] = 10,
    };

    [Fact]
    public void No_other_file_is_longer_than_400_lines() =>
        Assert.Empty(Sizes.Wrong(
            Sizes.Files(new[] { "src", "tests", "benchmarks", "samples" }.SelectMany(folder => Sizes.Sources(folder, ".cs", ".c", ".h"))),
            s_files));

    [Fact]
    public void No_other_method_is_longer_than_60_lines() =>
        Assert.Empty(Sizes.Wrong(Sizes.Methods(library.Library).Concat(Sizes.Methods(library.Contracts)), s_methods));

    [Fact]
    public void No_other_method_of_the_tests_is_longer_than_60_lines()
    {
        using BuiltAssembly tests = BuiltAssembly.Of(typeof(SizeTests).Assembly);

        Assert.Empty(Sizes.Wrong(Sizes.Methods(tests), s_methodsOfTests));
    }

    [Fact]
    public void No_other_constructor_has_more_than_6_parameters() =>
        Assert.Empty(Sizes.Wrong(Sizes.Constructors(library.Library).Concat(Sizes.Constructors(library.Contracts)), s_constructors));
}
