namespace DirectMap.Tool.Holders;

/// <summary>A process that has the file mapped or open.</summary>
internal sealed record Holder
{
    internal required int ProcessId { get; init; }

    /// <summary>The effective user; null where it was not to be had.</summary>
    internal uint? UserId { get; init; }

    /// <summary>The kernel's name of the process, of at most 15 bytes.</summary>
    internal required string Name { get; init; }

    /// <summary>Its arguments; empty where there are none.</summary>
    internal required string Command { get; init; }

    internal required IReadOnlyList<MappingSum> Mappings { get; init; }

    internal required IReadOnlyList<Descriptor> Descriptors { get; init; }

    /// <summary>
    /// Where it has DirectMap's files mapped; empty where none was seen. A program that is one file has none, so empty is not a no.
    /// </summary>
    internal required IReadOnlyList<string> Library { get; init; }
}
