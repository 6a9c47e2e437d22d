namespace DirectMap.Tests.Architecture;

/// <summary>
/// What a user replaces or wraps is asked by its interface only, so that nothing is lost behind a wrapper. Today's exceptions have a
/// reason, and the list only shrinks.
/// </summary>
public sealed class SeamTests(LibraryArrows library) : IClassFixture<LibraryArrows>
{
    private const string ByRegistration = "a user who asks for LeaseCoordinator by its type is told where another "
        + "coordinator is registered";
    private const string EndsByItself = "a right or lease of the library's own coordinator ends by itself when it is forgotten; "
        + "a user's has to be disposed";

    private static readonly Dictionary<string, string> s_exceptions = new()
    {
        ["DirectMapServiceCollectionExtensions.CreateFactory: LeaseCoordinator"] = ByRegistration,
        ["DirectMapServiceCollectionExtensions.OwnCoordinator: LeaseCoordinator"] = ByRegistration,
        ["Tether.EndsByItself: IEndsByItself"] = EndsByItself,
        ["FaultPolicies.Except: "
            + "AllOfFaultPolicies"] = "an exception to several policies is one to each; a user's own policy is wrapped as a whole",
        ["LeaseTable.BeginBreakUnsynchronized: "
            + "LayoutLease"] = "a tether holds an object; what the table tied to it is its own lease, never a user's",
    };

    [Fact]
    public void The_public_seams_are_downcast_nowhere_else()
    {
        string downcasts = string.Join('\n', Seams.Downcasts(library.Library).Except(s_exceptions.Keys));

        Assert.True(downcasts.Length == 0, downcasts);
    }

    [Fact]
    public void Every_exception_is_still_one()
    {
        Assert.Empty(s_exceptions.Keys.Except(Seams.Downcasts(library.Library)));
    }
}
