namespace DirectMap.Tool.Inspection;

/// <summary>A way to map a file directly.</summary>
/// <param name="Name">As in JSON and on the command line.</param>
/// <param name="Title">For people.</param>
/// <param name="Options">For the library.</param>
internal sealed record VerdictMode(string Name, string Title, MapOptions Options)
{
    internal static VerdictMode Direct { get; } = new("direct", "direct (DAX)", MapOptions.Direct);

    internal static VerdictMode DirectOrEmulated { get; } = new("directOrEmulated", "direct or emulated", MapOptions.DirectOrEmulated);

    internal static VerdictMode FrozenLayout { get; } = new("frozenLayout", "frozen layout", MapOptions.FrozenLayout);

    internal static IReadOnlyList<VerdictMode> All { get; } = [Direct, DirectOrEmulated, FrozenLayout];
}
