namespace DirectMap;

/// <summary>What is known of an extent. The names and values are those of FIEMAP_EXTENT_* in the kernel, except <see cref="Hole"/>.</summary>
[Flags]
public enum ExtentFlags
{
    /// <summary>Written blocks at a known place.</summary>
    None = 0,

    /// <summary>The location is unknown.</summary>
    Unknown = 0x2,

    /// <summary>Delayed allocation: there is data in memory, but no block yet.</summary>
    DelayedAllocation = 0x4,

    /// <summary>The data is encoded (compressed or encrypted).</summary>
    Encoded = 0x8,

    /// <summary>The data is encrypted by the file system.</summary>
    DataEncrypted = 0x80,

    /// <summary>The extent does not begin or end on a block boundary.</summary>
    NotAligned = 0x100,

    /// <summary>The data is mixed with metadata.</summary>
    DataInline = 0x200,

    /// <summary>Several files' tails share the block.</summary>
    DataTail = 0x400,

    /// <summary>Allocated but unwritten: reads as zeros, the first write converts it.</summary>
    Unwritten = 0x800,

    /// <summary>The file system reports blocks it does not keep as extents.</summary>
    Merged = 0x1000,

    /// <summary>Shared with another file or another range (reflink): a write makes a copy elsewhere.</summary>
    Shared = 0x2000,

    /// <summary>No blocks at all: reads as zeros, a write allocates. Not a kernel flag: there a hole is the absence of an extent.</summary>
    Hole = 0x4000_0000,
}
