namespace DirectMap;

/// <summary>How files are opened, mapped and changed.</summary>
public enum FileBackingKind
{
    /// <summary><see cref="Linux"/> on Linux, <see cref="Portable"/> elsewhere.</summary>
    Auto = 0,

    /// <summary>Linux's own system calls: the whole contract.</summary>
    /// <remarks>It is to be had on Linux only.</remarks>
    Linux = 1,

    /// <summary>
    /// What .NET offers everywhere, without a system call of the library's own: MemoryMappedFile, a block map that is emulated, and
    /// revocation that needs the holder's cooperation.
    /// </summary>
    /// <remarks>It is for other systems, and for unit tests. A region's facts and its protection say what it cannot do.</remarks>
    Portable = 2,
}
