using DirectMap.Durability;

namespace DirectMap.Mapping;

/// <summary>What does not change about a region.</summary>
internal sealed record RegionFacts(
    string Path,
    FileRange Range,
    MappingAccess Access,
    bool IsEmulated,
    BlockMapStability Stability,
    RegionDurability Durability,
    bool IsDirect,
    bool IsWaived,
    FaultReach FaultReach,
    RegionContainment Containment,
    EffectiveGranularity Granularity);
