namespace DirectMap;

/// <summary>Why a direct mapping was refused.</summary>
public enum RefusalReason
{
    /// <summary>It was not refused.</summary>
    None = 0,

    /// <summary>The file is not DAX capable, and the caller did not ask for emulated persistent memory.</summary>
    NotDaxCapable = 2,

    /// <summary>The file system moves blocks by itself.</summary>
    BlockMapMoves = 3,

    /// <summary>Nobody can say whether the file system leaves blocks where they are.</summary>
    BlockMapUnverified = 4,

    /// <summary>The range reaches beyond the end of the file.</summary>
    BeyondEndOfFile = 5,

    /// <summary>A write (on tmpfs also a read) would allocate a block.</summary>
    Hole = 6,

    /// <summary>A write would convert an unwritten extent.</summary>
    UnwrittenExtent = 7,

    /// <summary>A write would copy a shared (reflinked) block elsewhere.</summary>
    SharedExtent = 8,

    /// <summary>The block is not allocated yet.</summary>
    DelayedAllocation = 9,

    /// <summary>The data lies within metadata or shares a block with other files' tails.</summary>
    InlineData = 10,

    /// <summary>The data is compressed or encrypted on the device.</summary>
    EncodedExtent = 11,

    /// <summary>The extent is of a kind that the policy does not know.</summary>
    UnknownExtent = 12,

    /// <summary>A policy of the user's own refused it.</summary>
    Custom = 13,

    /// <summary>The medium has lost the data.</summary>
    BadBlock = 14,

    /// <summary>The caller wants faults to be contained, and they cannot be here.</summary>
    FaultsNotContained = 15,

    /// <summary>The caller wants stores to become durable in smaller units than they can here.</summary>
    GranularityUnavailable = 16,
}
