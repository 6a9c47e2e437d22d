using Names = System.Collections.Immutable.ImmutableHashSet<string>;

namespace DirectMap.Tests.Architecture;

/// <summary>
/// The types of leases are a tree: the coordinator knows the tables, a table knows what it works with, and none of that knows who is above.
/// In a circle are only a table, its breakers, and the handles that come back to it.
/// </summary>
public sealed class LeaseTypesTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private const string Coordinator = "LeaseCoordinator";

    private readonly Dictionary<string, Names> _uses = UsedTypes.Of(library.Library).ToDictionary(type => type.Type, type => type.Uses);

    [Fact]
    public void What_tables_work_with_knows_neither_them_nor_their_leases() =>
        Assert.Empty(ReachedFrom("LeaseServices").Intersect(["LeaseTable", "LeaseRecord", "PendingBreak", "LayoutLease", Coordinator]));

    [Fact]
    public void Leases_and_their_index_know_no_table() =>
        Assert.Empty(ReachedFrom("LeaseIndex").Intersect(["LeaseTable", "LeaseServices", "LayoutLease", Coordinator]));

    [Fact]
    public void A_table_does_not_know_the_coordinator()
    {
        Assert.Contains("LeaseServices", ReachedFrom("LeaseTable"));
        Assert.DoesNotContain(Coordinator, ReachedFrom("LeaseTable"));
    }

    /// <summary>Types that are used, types that these use, and so on.</summary>
    private Names ReachedFrom(string type)
    {
        Names reached = _uses[type];
        for (int before = 0; before < reached.Count;)
        {
            before = reached.Count;
            reached = reached.Union(reached.SelectMany(used => _uses.GetValueOrDefault(used, [])));
        }

        return reached;
    }
}
