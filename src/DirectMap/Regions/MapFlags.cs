namespace DirectMap;

/// <summary>How a file is mapped.</summary>
/// <remarks>The lower 32 bits are mmap(2)'s; a flag that the backing does not know is refused (EOPNOTSUPP), never ignored.</remarks>
[Flags]
public enum MapFlags : ulong
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>MAP_SHARED: stores reach the file.</summary>
    /// <remarks>It takes no further flags.</remarks>
    Shared = 0x1,

    /// <summary>MAP_SHARED_VALIDATE: as <see cref="Shared"/>, and every further flag is checked.</summary>
    SharedValidate = 0x3,

    /// <summary>MAP_DIRECT: the mapping holds a lease on the file's layout.</summary>
    /// <remarks>
    /// It goes only together with <see cref="SharedValidate"/>. The kernel has no such flag, so its value lies beyond those that mmap
    /// takes.
    /// </remarks>
    Direct = 1UL << 32,
}
