namespace DirectMap.Tests.Api;

/// <summary>
/// How the reference's index is arranged. A type that is named nowhere comes last, under its namespace; give it a place here.
/// </summary>
internal static class ReferenceThemes
{
    internal static readonly IReadOnlyList<(string Title, string Text, string[] Types)> All =
    [
        ("Files", "Opening, creating and changing a file; the operations that break the leases of others.",
            [
                "DirectFile", "DirectFileOptions", "FileBackingKind", "FileId",
                "FileRange", "PrepareOptions", "PrepareProgress", "PrepareReport"
            ]),
        ("Services", "Configurations, in a container or made by hand.",
            ["DirectMapServiceCollectionExtensions", "DirectMapOptions", "IDirectFileFactory", "DirectFileFactory"]),
        ("Mapped regions", "Mapping a file, and what a mapping can do.",
            [
                "MappedRegion", "RegionAtomics", "RegionScope", "MapOptions", "MapMode", "MapFlags", "MappingAccess", "LeaseCoverage",
                "RegionState", "RegionFacts", "Stated`1", "RevocationKind"
            ]),
        ("Protection", "Who changes a file without asking, and what is told of it.",
            [
                "GuardOptions", "GuardDemand", "TrespassResponse", "Protection", "ProtectionLevel", "ProtectionEngine",
                "Trespass", "TrespassOrigin"
            ]),
        ("Durability", "What a persist is worth, and what to do when it fails.",
            ["DurabilityKind", "WritebackFailure", "WritebackFailureException"]),
        ("Pipelines", "A region as a PipeReader or a PipeWriter.",
            ["RegionWriter", "RegionReaderOptions", "RegionWriterOptions"]),
        ("Persistent log", "Records that are appended, and found again after a crash.",
            [
                "PersistentLog", "PersistentLogOptions", "PersistentLogReader", "PersistentLogEntry",
                "PersistentLogRecovery", "PersistentLogStop", "PersistentLogException", "PersistentLogError"
            ]),
        ("Leases and breaks", "Who holds the layout of a file, and how somebody else gets it.",
            [
                "ILayoutLease", "ILayoutRight", "LeaseOptions", "LeaseMode", "LeaseState",
                "WhenUnavailable", "BreakOptions", "LeaseBreak", "LayoutOperation"
            ]),
        ("Coordinators", "Who arbitrates, with which clock and break time; for several files, for tests, for tools.",
            [
                "ILeaseCoordinator", "LeaseCoordinator", "LeaseCoordinatorOptions", "LeaseRequest", "BreakRequest", "LeaseSnapshot",
                "LeaseInfo", "BreakerInfo", "LeaseWaiterInfo", "DiagnosticFinding", "DiagnosticKind"
            ]),
        ("Block maps", "What a file is made of.",
            ["Extent", "ExtentFlags", "IBlockMap", "EmulatedBlockMap", "BlockMapStability"]),
        ("Fault policies", "Which accesses are refused because the file system would have to allocate, convert or copy.",
            ["IFaultPolicy", "FaultPolicies", "PolicyDecision", "PolicyCheck", "FileFacts", "InodeAttributes", "RefusalReason"]),
        ("Exceptions", "Each carries the errno in HResult.",
            [
                "MapRefusedException", "MappingFaultException", "FaultCause", "FaultAccess",
                "LeaseConflictException", "LeaseConflict", "RegionFullException"
            ]),
    ];

    internal static bool Has(Type type) => All.Any(theme => theme.Types.Contains(type.Name));

    /// <summary>Named, and not there any more.</summary>
    internal static IEnumerable<string> Missing() =>
        All.SelectMany(theme => theme.Types).Except(PublicMembers.Types.Select(type => type.Name));
}
