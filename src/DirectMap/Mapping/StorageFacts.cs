using DirectMap.Durability;

namespace DirectMap.Mapping;

/// <summary>What a region's bytes are stored on, and what that makes of a persist.</summary>
/// <param name="File">What a policy gets to see of the file as a whole.</param>
/// <param name="Durability">How durable bytes are that were persisted.</param>
/// <param name="Granularity">In which unit stores become durable.</param>
/// <param name="Backing">What opened the file.</param>
internal readonly record struct StorageFacts(
    FileFacts File, Stated<DurabilityKind> Durability, EffectiveGranularity Granularity, BackingFacts Backing);
