namespace DirectMap.Tool.Inspection;

/// <summary>
/// What the library says to who writes code, in the words of who types commands: its members are what the tool's options and commands do.
/// </summary>
internal static class ToolTerms
{
    /// <summary>In their order: what is longer comes first.</summary>
    private static readonly (string Member, string Term)[] s_terms =
    [
        ("MapOptions.DirectOrEmulated", "--require directOrEmulated"),
        ("MapOptions.FrozenLayout", "--require frozenLayout"),
        ("MapOptions.Direct", "--require direct"),
        ("MapMode.DirectOrEmulated", "--require directOrEmulated"),
        ("MapMode.FrozenLayout", "--require frozenLayout"),
        ("MapMode.Direct", "--require direct"),
        ("give it a length (SetLength) and blocks (Prepare), or make it with one (DirectFile.Create)",
            "give it a length (truncate) and blocks (directmap prepare), or make it with one (directmap create)"),
        ("DirectFile.Create", "directmap create"),
        ("DirectFile.Prepare", "directmap prepare"),
        ("DirectFile.Flush", "sync"),
        ("; DirectFileOptions.LeasesWithoutOwnership waives that", ""),
    ];

    internal static string? Of(string? message) =>
        message is null ? null : s_terms.Aggregate(message, (text, term) => text.Replace(term.Member, term.Term, StringComparison.Ordinal));
}
