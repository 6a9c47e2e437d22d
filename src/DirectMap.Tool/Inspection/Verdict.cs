using DirectMap.Tool.Terminal;

namespace DirectMap.Tool.Inspection;

/// <summary>Whether a file can be mapped in one way, and what would help.</summary>
internal sealed record Verdict
{
    internal required VerdictMode Mode { get; init; }

    internal required MappingAccess Access { get; init; }

    internal required VerdictResult Result { get; init; }

    /// <summary>A <see cref="RefusalReason"/>, or an error number's name; null when it can be mapped.</summary>
    internal string? Reason { get; init; }

    /// <summary>The library's sentence; null for none.</summary>
    internal string? Detail { get; init; }

    /// <summary>What to type so that it can be mapped; null where no command helps.</summary>
    internal string? Command { get; init; }

    /// <summary>Whether the file is on persistent memory.</summary>
    internal bool IsDax { get; init; }

    internal bool IsMappable => Result == VerdictResult.Mappable;

    /// <summary>
    /// Of a command that has done what was asked for. A caller who may not have the lease cannot make the file any better.
    /// </summary>
    internal int ExitCodeAfterWork => IsMappable || Result == VerdictResult.NotPermitted ? ExitCode.Fine : ExitCode.Refused;
}
