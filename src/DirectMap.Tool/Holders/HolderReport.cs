using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Holders;

/// <summary>Who has a file, as far as it was to be seen.</summary>
internal sealed record HolderReport
{
    /// <summary>As it was given.</summary>
    internal required string Path { get; init; }

    internal required InodeNumbers Numbers { get; init; }

    /// <summary>In bytes.</summary>
    internal required long Length { get; init; }

    /// <summary>By process number.</summary>
    internal required IReadOnlyList<Holder> Holders { get; init; }

    internal required IReadOnlyList<HeldLock> Locks { get; init; }

    /// <summary>How many processes were looked into.</summary>
    internal required int LookedInto { get; init; }

    internal required IReadOnlyList<ForbiddenProcess> NotPermitted { get; init; }

    /// <summary>Whether processes of other users are not even listed (/proc is mounted with hidepid).</summary>
    internal required bool AreOthersHidden { get; init; }

    /// <summary>Whether there may be processes outside of this pid namespace, which are not listed (in a container).</summary>
    internal required bool IsOneNamespaceOnly { get; init; }
}

/// <summary>A process that the caller may not look into.</summary>
/// <param name="ProcessId">Its number.</param>
/// <param name="UserId">Its effective user; null where not even that is told.</param>
/// <param name="Name">Its name; empty where not even that is told.</param>
internal sealed record ForbiddenProcess(int ProcessId, uint? UserId, string Name);
