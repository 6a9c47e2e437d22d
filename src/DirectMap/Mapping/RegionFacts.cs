using DirectMap.Durability;

namespace DirectMap.Mapping;

/// <summary>What does not change about a region: what is mapped, and what was known of it at that time.</summary>
/// <param name="Path">The file's path as it was opened, for messages.</param>
/// <param name="Range">The bytes of the file.</param>
/// <param name="Access">What the mapping may do.</param>
/// <param name="Lease">What it was mapped under.</param>
/// <param name="Storage">What the bytes are stored on.</param>
/// <param name="Fault">What becomes of a fault.</param>
internal sealed record RegionFacts(
    string Path, FileRange Range, MappingAccess Access, LeaseFacts Lease, StorageFacts Storage, FaultFacts Fault)
{
    internal bool IsDirect => Lease.IsDirect;

    internal bool IsWaived => Lease.IsWaived;

    internal bool IsEmulated => !Storage.Backing.IsDax;

    internal BlockMapStability Stability => Storage.Backing.Stability;

    internal RegionDurability Durability => Storage.Durability;

    internal PersistGranularity Granularity => Storage.Granularity.Granularity;

    internal string? GranularityReason => Storage.Granularity.Reason;

    internal FaultReach FaultReach => Fault.Reach;

    internal RegionContainment Containment => Fault.Containment;
}
