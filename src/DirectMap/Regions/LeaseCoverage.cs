namespace DirectMap;

/// <summary>Which bytes of the file a mapping's lease covers, and so which operations of others break it.</summary>
public enum LeaseCoverage
{
    /// <summary>The whole file, as in the kernel's proposal: every layout operation of another owner breaks it.</summary>
    WholeFile = 0,

    /// <summary>
    /// What is mapped, rounded out to what the file system changes at once: only operations that touch it break the lease.
    /// </summary>
    /// <remarks>
    /// It is rounded out to whole pages and whole blocks, and on XFS with reflink to the window in which it copies shared blocks (128 KiB
    /// by default). Truncation touches everything from the smaller one of the two lengths on. Collapsing and inserting touch everything
    /// from their offset on.
    /// </remarks>
    MappedRange = 1,
}
