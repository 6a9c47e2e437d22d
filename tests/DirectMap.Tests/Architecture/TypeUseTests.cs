namespace DirectMap.Tests.Architecture;

/// <summary>
/// No type of the library uses more than 40 others, of it and of its contracts: one that does knows too much. Today's exceptions stand here
/// with their number, which they may not exceed. The list only shrinks.
/// </summary>
public sealed class TypeUseTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private const int Most = 40;

    /// <summary>A build that is not optimized keeps some more.</summary>
    private const int OfBuild = 2;

    private static readonly Dictionary<string, int> s_exceptions = new()
    {
        ["DirectFile"] = 77,
        ["RegionFactory"] = 54,
        ["FileLeases"] = 42,
    };

    [Fact]
    public void No_other_type_uses_more_than_40_types()
    {
        (string Type, int Uses)[] all = [.. UsedTypes.Of(library.Library)];

        Assert.Contains(all, one => one.Type == nameof(DirectFile) && one.Uses > 20);
        string wrong = string.Join(
            '\n',
            from one in all
            let most = s_exceptions.GetValueOrDefault(one.Type, Most)
            where one.Uses > most || (most > Most && one.Uses < most - OfBuild)
            select $"{one.Type} uses {one.Uses} types, and may use {most}");
        Assert.True(wrong.Length == 0, wrong);
        Assert.Empty(s_exceptions.Keys.Except(all.Select(one => one.Type)));
    }
}
