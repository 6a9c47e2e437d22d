namespace DirectMap;

/// <summary>
/// What is asked for against the signal (SIGBUS) that an access raises when the kernel cannot provide the page: the file was truncated, the
/// disk is full, the medium failed.
/// </summary>
public enum FaultContainment
{
    /// <summary>
    /// The best there is (the default): the native handler, which makes exceptions of faults; where it is missing, what can be done without
    /// it.
    /// </summary>
    /// <remarks><see cref="RegionFacts.Containment"/> says what it is.</remarks>
    Auto = 0,

    /// <summary>The native handler, or no mapping.</summary>
    /// <remarks>
    /// Mapping is refused (<see cref="RefusalReason.FaultsNotContained"/>) where the handler is missing or cannot help (hugetlbfs), another
    /// SIGBUS handler was installed over it, or the thread that maps has SIGBUS blocked (<see cref="FaultSignal"/>). Other threads that
    /// access the region must not have it blocked.
    /// </remarks>
    Required = 1,

    /// <summary>Nothing: a fault does what it does in any .NET process, which is to end it.</summary>
    Off = 2,
}
