namespace DirectMap;

/// <summary>What stands between a fault in a mapping (SIGBUS) and the end of the process.</summary>
public enum ContainmentKind
{
    /// <summary>Nothing: an access to a page that the kernel cannot provide ends the process.</summary>
    /// <remarks>
    /// It was not asked for, or neither handler nor system calls are to be had; also on hugetlbfs, and with the portable backing.
    /// </remarks>
    None = 0,

    /// <summary>
    /// System calls: <see cref="MappedRegion.CopyTo"/>, <see cref="MappedRegion.CopyFrom"/> and <see cref="MappedRegion.Fill"/> make an
    /// exception of a fault.
    /// </summary>
    /// <remarks>
    /// Mapping does, too, where a page cannot be read then (not with <see cref="PolicyCheck.AtAccess"/>, and not where loads allocate
    /// blocks). <c>Persist</c> touches no page. Any other access to a page that the kernel cannot provide ends the process.
    /// </remarks>
    Copies = 1,

    /// <summary>The native handler: a fault is an exception of every access that is checked.</summary>
    Handler = 2,
}
