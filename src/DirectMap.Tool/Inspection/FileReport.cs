namespace DirectMap.Tool.Inspection;

/// <summary>The facts of a file, for all ways to show them.</summary>
internal sealed record FileReport
{
    /// <summary>As it was given.</summary>
    internal required string Path { get; init; }

    /// <summary>In bytes.</summary>
    internal required long Length { get; init; }

    internal required FileFacts Backing { get; init; }

    internal required BlockSummary Blocks { get; init; }

    /// <summary>What a persist through a mapping makes the bytes survive; null where none could be mapped.</summary>
    internal Stated<DurabilityKind>? Durability { get; init; }

    /// <summary>One for each mode and access.</summary>
    internal required IReadOnlyList<Verdict> Verdicts { get; init; }

    internal Verdict VerdictOn(VerdictMode mode, MappingAccess access) =>
        Verdicts.Single(verdict => verdict.Mode == mode && verdict.Access == access);
}
