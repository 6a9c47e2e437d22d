namespace DirectMap;

/// <summary>What is known of an extent.</summary>
/// <remarks>The values are those of FIEMAP_EXTENT_* in the kernel, except <see cref="Hole"/> and <see cref="BadBlock"/>.</remarks>
[Flags]
public enum ExtentFlags
{
    /// <summary>Written blocks at a known place.</summary>
    None = 0,

    /// <summary>The location is unknown (FIEMAP_EXTENT_UNKNOWN).</summary>
    Unknown = 0x2,

    /// <summary>Delayed allocation: there is data in memory, but no block yet (FIEMAP_EXTENT_DELALLOC).</summary>
    DelayedAllocation = 0x4,

    /// <summary>The data is encoded (compressed or encrypted) (FIEMAP_EXTENT_ENCODED).</summary>
    Encoded = 0x8,

    /// <summary>The data is encrypted by the file system (FIEMAP_EXTENT_DATA_ENCRYPTED).</summary>
    DataEncrypted = 0x80,

    /// <summary>The extent does not begin or end on a block boundary (FIEMAP_EXTENT_NOT_ALIGNED).</summary>
    NotAligned = 0x100,

    /// <summary>The data is mixed with metadata (FIEMAP_EXTENT_DATA_INLINE).</summary>
    DataInline = 0x200,

    /// <summary>Several files' tails share the block (FIEMAP_EXTENT_DATA_TAIL).</summary>
    DataTail = 0x400,

    /// <summary>Allocated but unwritten: reads as zeros, the first write converts it (FIEMAP_EXTENT_UNWRITTEN).</summary>
    Unwritten = 0x800,

    /// <summary>The file system reports blocks it does not keep as extents (FIEMAP_EXTENT_MERGED).</summary>
    Merged = 0x1000,

    /// <summary>Shared with another file or another range (reflink): a write makes a copy elsewhere (FIEMAP_EXTENT_SHARED).</summary>
    Shared = 0x2000,

    /// <summary>The medium has lost the data: the kernel answers an access with SIGBUS.</summary>
    /// <remarks>It is not a kernel flag: there the block device lists its bad blocks.</remarks>
    BadBlock = 0x2000_0000,

    /// <summary>No blocks at all: reads as zeros, a write allocates.</summary>
    /// <remarks>It is not a kernel flag: there a hole is the absence of an extent.</remarks>
    Hole = 0x4000_0000,
}
