namespace DirectMap;

/// <summary>What a fault policy needs to know of the file as a whole, and of what is to be done with it.</summary>
/// <param name="FileSystem">The file system's name, as in /proc/filesystems where it is known.</param>
/// <param name="Stability">Whether it leaves this file's blocks where they are.</param>
/// <param name="IsDax">Whether the file is accessed directly, without the page cache (STATX_ATTR_DAX).</param>
/// <param name="LoadsAllocate">Whether even a load from a hole makes the file system allocate (tmpfs), so that it fails
/// when there is no space.</param>
/// <param name="Mode">What is asked of the mapping.</param>
public readonly record struct FileFacts(
    string FileSystem, BlockMapStability Stability, bool IsDax, bool LoadsAllocate, MapMode Mode)
{
    /// <summary>The file system's name, as in /proc/filesystems where it is known; empty where nothing is.</summary>
    public string FileSystem
    {
        get => field ?? "";
        init;
    } = FileSystem;

    /// <summary>What the mapping is to do.</summary>
    public MappingAccess Access { get; init; }

    /// <summary>Attributes of the file that matter to a mapping.</summary>
    public InodeAttributes Attributes { get; init; }

    /// <summary>What to do where blocks move or nobody can say, in words; null where there is nothing to do.</summary>
    public string? Remedy { get; init; }
}
