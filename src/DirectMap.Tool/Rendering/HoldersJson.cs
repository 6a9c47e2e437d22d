namespace DirectMap.Tool.Rendering;

/// <summary>What <c>leases --json</c> writes.</summary>
internal sealed record HoldersJson
{
    public required string Path { get; init; }

    public required string Device { get; init; }

    public required ulong Inode { get; init; }

    public required long Length { get; init; }

    public required ProcessJson[] Processes { get; init; }

    public required LockJson[] Locks { get; init; }

    public required int LookedInto { get; init; }

    public required ForbiddenJson[] NotPermitted { get; init; }

    public required bool OthersHidden { get; init; }

    public required bool OneNamespaceOnly { get; init; }
}

/// <summary>A process that has the file mapped or open.</summary>
internal sealed record ProcessJson
{
    public required int Pid { get; init; }

    public required uint? Uid { get; init; }

    public required string Name { get; init; }

    public required string Command { get; init; }

    public required MappingJson[] Mappings { get; init; }

    public required DescriptorJson[] Descriptors { get; init; }

    public required string[] Library { get; init; }
}

/// <summary>What it has mapped in one way.</summary>
internal sealed record MappingJson(bool Shared, string Access, bool Executable, int Count, long Bytes, bool Certain);

/// <summary>A descriptor that it has.</summary>
internal sealed record DescriptorJson(int Number, string Access);

/// <summary>A lock or a kernel lease on the file.</summary>
internal sealed record LockJson
{
    public required string Kind { get; init; }

    public required string Access { get; init; }

    public required string State { get; init; }

    public required int? Pid { get; init; }

    public required long Start { get; init; }

    public required long? End { get; init; }

    public required int[] Holders { get; init; }

    public required bool Certain { get; init; }
}

/// <summary>A process that could not be looked into.</summary>
internal sealed record ForbiddenJson(int Pid, uint? Uid, string Name);
