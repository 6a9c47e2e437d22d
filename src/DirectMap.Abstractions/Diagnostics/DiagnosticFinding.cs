namespace DirectMap;

/// <summary>A mistake in the use of the library that the diagnostic mode found (<see cref="ILeaseCoordinator.Diagnostics"/>).</summary>
/// <remarks>It is immutable, and safe for any thread.</remarks>
public sealed record DiagnosticFinding
{
    /// <summary>What was found.</summary>
    public required DiagnosticKind Kind { get; init; }

    /// <summary>Of what, in words: the lease's holder, the region, the scope.</summary>
    public required string Subject { get; init; }

    /// <summary>When it was asked for, by the coordinator's clock; one that had to wait was had later.</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>
    /// The method that took it: the innermost one on the stack that is not DirectMap's own; with its file and line where the debug
    /// symbols are at hand.
    /// </summary>
    public required string Culprit { get; init; }

    /// <summary>Where it was taken: the whole stack trace.</summary>
    public required string StackTrace { get; init; }

    /// <summary>The break that found it, for <see cref="DiagnosticKind.LeaseHeldPastBreak"/>; otherwise null.</summary>
    public LeaseBreak? Break { get; init; }

    /// <summary>Returns a sentence for messages; without the whole stack.</summary>
    public override string ToString() => $"{Kind}: {Subject}, taken at {TakenAt:O} by {Culprit}" + (Break is null ? "" : $"; {Break}");
}
