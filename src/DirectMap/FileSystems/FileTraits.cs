namespace DirectMap.FileSystems;

/// <summary>What only the file itself, or the running kernel, can say.</summary>
/// <param name="IsNoCopyOnWrite">FS_NOCOW_FL.</param>
/// <param name="IsZoned">The file lies on XFS's zoned real-time section.</param>
/// <param name="IsAlwaysCopyOnWrite">XFS was told never to overwrite.</param>
internal readonly record struct FileTraits(bool IsNoCopyOnWrite = false, bool IsZoned = false, bool IsAlwaysCopyOnWrite = false);
