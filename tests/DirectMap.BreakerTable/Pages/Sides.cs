namespace DirectMap.BreakerTable.Pages;

/// <summary>A cell of the page: what it says where the holder is root, and where not; once, where that is the same.</summary>
/// <param name="Root">As root; null where it was not made yet.</param>
/// <param name="User">Without.</param>
internal readonly record struct Sides(string? Root, string? User)
{
    private const string Unknown = "?";
    private const string Between = " / ";

    internal string? this[bool isRoot] => isRoot ? Root : User;

    internal Sides With(bool isRoot, string? text) => isRoot ? this with { Root = text } : this with { User = text };

    internal static Sides Parse(string text)
    {
        string[] sides = text.Split(Between);
        string?[] known = [.. sides.Select(side => side == Unknown ? null : side)];
        return new Sides(known[0], known[^1]);
    }

    public override string ToString() => Root == User ? Root ?? Unknown : $"{Root ?? Unknown}{Between}{User ?? Unknown}";
}
