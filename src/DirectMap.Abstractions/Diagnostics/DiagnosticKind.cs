namespace DirectMap;

/// <summary>What the diagnostic mode finds.</summary>
public enum DiagnosticKind
{
    /// <summary>A lease was not released before its break's deadline: its holder was revoked, or could not be.</summary>
    LeaseHeldPastBreak = 0,

    /// <summary>A lease was collected without having been released.</summary>
    /// <remarks>One with a mapping is not: its region is, as <see cref="RegionNotDisposed"/>.</remarks>
    LeaseNotReleased = 1,

    /// <summary>The right to change the layout was collected without having been given back: it held up the file until then.</summary>
    RightNotGivenBack = 2,

    /// <summary>A region was collected without having been disposed.</summary>
    RegionNotDisposed = 3,

    /// <summary>A scope was disposed without Complete: nothing is known of what was done in it.</summary>
    /// <remarks>An exception that leaves the scope early has the same effect.</remarks>
    ScopeNotCompleted = 4,

    /// <summary>A scope was never disposed: its thread ended with it, or a release of its region gave up waiting for it.</summary>
    ScopeLeftOpen = 5,
}
