namespace DirectMap.Benchmarks.Targets;

/// <summary>What <see cref="ForeignCallsChild"/> does to a file.</summary>
internal enum ForeignCall
{
    /// <summary>pread of a page.</summary>
    Read,

    /// <summary>pwrite of a page.</summary>
    Write,

    /// <summary>open and close of the path by which the file was opened.</summary>
    OpenAndClose,
}
