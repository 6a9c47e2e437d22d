namespace DirectMap.Mapping;

/// <summary>What a region was mapped under.</summary>
/// <param name="IsDirect">Whether it holds a lease.</param>
/// <param name="Protection">What the file is protected from by that.</param>
internal readonly record struct LeaseFacts(bool IsDirect, RegionProtection Protection);
