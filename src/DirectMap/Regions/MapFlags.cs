namespace DirectMap;

/// <summary>
/// How a file is mapped. The lower 32 bits are mmap(2)'s; a flag that the backing does not know is refused (EOPNOTSUPP), never ignored.
/// </summary>
[Flags]
public enum MapFlags : ulong
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>MAP_SHARED: stores reach the file. It takes no further flags.</summary>
    Shared = 0x1,

    /// <summary>MAP_SHARED_VALIDATE: as <see cref="Shared"/>, and every further flag is checked.</summary>
    SharedValidate = 0x3,

    /// <summary>
    /// MAP_DIRECT: the mapping holds a lease on the file's layout. Only together with <see cref="SharedValidate"/>. The kernel has no such
    /// flag, so its value lies beyond those that mmap takes.
    /// </summary>
    Direct = 1UL << 32,
}
