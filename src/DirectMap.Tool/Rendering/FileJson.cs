namespace DirectMap.Tool.Rendering;

/// <summary>What <c>inspect --json</c> writes.</summary>
internal sealed record FileJson(
    string Path,
    long Length,
    long Allocated,
    string FileSystem,
    string Stability,
    bool Dax,
    string[] Attributes,
    string? Durability,
    Dictionary<string, long> Extents,
    long? Fragments,
    Dictionary<string, VerdictPairJson> Verdicts);

/// <summary>The verdicts on one way to map.</summary>
internal sealed record VerdictPairJson(VerdictJson Reading, VerdictJson Writing);

/// <summary>One verdict.</summary>
internal sealed record VerdictJson(string Result, string? Reason, string? Detail, string? Command);
