namespace DirectMap.Tests.Api;

public sealed class PublicApiTests
{
    /// <summary>A change of what users compile against shows in a review.</summary>
    [Fact]
    public void The_public_API_is_the_one_that_was_accepted() =>
        Accepted.AreIn("docs/api", ".txt", PublicMembers.Assemblies.ToDictionary(assembly => $"{assembly.GetName().Name}.txt", ApiText.Of));
}
