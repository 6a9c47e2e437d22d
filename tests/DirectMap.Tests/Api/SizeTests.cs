namespace DirectMap.Tests.Api;

/// <summary>A type that a newcomer meets first has so many members that they can be read at once.</summary>
public sealed class SizeTests
{
    [Theory]
    [InlineData(typeof(MappedRegion), 40)]
    [InlineData(typeof(DirectFile), 64)]
    public void A_type_has_no_more_public_members_than(Type type, int most)
    {
        string[] members = [.. PublicMembers.Of(type).Select(member => member.ToString()!)];

        Assert.True(members.Length <= most, $"{type.Name} has {members.Length} public members:\n{string.Join('\n', members)}");
    }
}
