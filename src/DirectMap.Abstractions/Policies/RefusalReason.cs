namespace DirectMap;

/// <summary>Why a direct mapping was refused.</summary>
public enum RefusalReason
{
    /// <summary>It was not refused.</summary>
    None = 0,

    /// <summary>The file is not DAX capable, and the caller did not ask for emulated persistent memory.</summary>
    NotDaxCapable = 1,

    /// <summary>The file system moves blocks by itself.</summary>
    BlockMapMoves = 2,

    /// <summary>Nobody can say whether the file system leaves blocks where they are.</summary>
    BlockMapUnverified = 3,

    /// <summary>The range reaches beyond the end of the file.</summary>
    BeyondEndOfFile = 4,

    /// <summary>A write (on tmpfs also a read) would allocate a block.</summary>
    Hole = 5,

    /// <summary>A write would convert an unwritten extent.</summary>
    UnwrittenExtent = 6,

    /// <summary>A write would copy a shared (reflinked) block elsewhere.</summary>
    SharedExtent = 7,

    /// <summary>The block is not allocated yet.</summary>
    DelayedAllocation = 8,

    /// <summary>The data lies within metadata or shares a block with other files' tails.</summary>
    InlineData = 9,

    /// <summary>The data is compressed or encrypted on the device.</summary>
    EncodedExtent = 10,

    /// <summary>The extent is of a kind that the policy does not know.</summary>
    UnknownExtent = 11,

    /// <summary>A policy of the user's own refused it.</summary>
    Custom = 12,

    /// <summary>The medium has lost the data.</summary>
    BadBlock = 13,

    /// <summary>The caller wants faults to be contained, and they cannot be here.</summary>
    FaultsNotContained = 14,

    /// <summary>The caller wants stores to become durable in smaller units than they can here.</summary>
    GranularityUnavailable = 15,

    /// <summary>The caller wants the file to be protected at a level that it is not at.</summary>
    ProtectionUnavailable = 16,
}
