namespace DirectMap.Mapping;

/// <summary>What a region was mapped under.</summary>
/// <param name="IsDirect">Whether it holds a lease.</param>
/// <param name="IsWaived">Whether it holds that though its file is somebody else's.</param>
internal readonly record struct LeaseFacts(bool IsDirect, bool IsWaived);
