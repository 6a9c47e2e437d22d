namespace DirectMap.BreakerTable.Rows;

/// <summary>What an operation is to a holder.</summary>
internal enum RowKind
{
    /// <summary>It changes content, length or blocks, from another process.</summary>
    Change,

    /// <summary>It makes others share the file's blocks, where the file system can do that.</summary>
    Shares,

    /// <summary>It changes them from this process, past the library.</summary>
    Own,

    /// <summary>It changes them through the library, so nothing is to be told.</summary>
    Library,

    /// <summary>It changes them through the library, for somebody else of this process, who asks the holder first.</summary>
    Asks,

    /// <summary>It changes nothing, and cannot be told from what does, or has the means to do so from then on.</summary>
    Likely,

    /// <summary>It changes nothing that a holder relies on.</summary>
    Harmless,
}
