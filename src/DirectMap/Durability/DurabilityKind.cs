namespace DirectMap;

/// <summary>What a region's Persist makes the bytes survive.</summary>
public enum DurabilityKind
{
    /// <summary>
    /// Nobody can say: msync(MS_SYNC) was made, but what lies below the file system (overlayfs, NFS, FUSE, 9p) is not known.
    /// </summary>
    Unknown = 0,

    /// <summary>The process: the file lives in memory only (tmpfs).</summary>
    Memory = 1,

    /// <summary>
    /// The process and a crash of the machine, as far as the device keeps what it acknowledged: page cache and msync(MS_SYNC).
    /// </summary>
    /// <remarks>So it is on persistent memory, too, where <see cref="RegionFacts.Granularity"/> is a page.</remarks>
    PageCache = 2,

    /// <summary>The process: persistent memory is emulated (<see cref="MapOptions.EmulatedGranularity"/>).</summary>
    /// <remarks><see cref="MappedRegion.DeepFlush"/> makes more durable, as the file can have it.</remarks>
    Emulated = 3,

    /// <summary>
    /// The process, a crash of the machine and a loss of power: the file is on persistent memory (DAX), mapped with MAP_SYNC, and what was
    /// stored is within the persistence domain.
    /// </summary>
    /// <remarks>That holds as far as platform and firmware keep what they say of it.</remarks>
    PersistentMemory = 4,
}
