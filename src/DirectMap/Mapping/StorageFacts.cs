using DirectMap.Durability;

namespace DirectMap.Mapping;

/// <summary>What a region's bytes are stored on, and what that makes of a persist.</summary>
/// <param name="IsEmulated">Whether that is no persistent memory: loads and stores go to the page cache.</param>
/// <param name="Stability">Whether the file system leaves the blocks where they are.</param>
/// <param name="Durability">How durable bytes are that were persisted.</param>
/// <param name="Granularity">In which unit stores become durable.</param>
internal readonly record struct StorageFacts(
    bool IsEmulated, BlockMapStability Stability, RegionDurability Durability, EffectiveGranularity Granularity);
