namespace DirectMap;

/// <summary>When the fault policy judges the extents of a mapping.</summary>
public enum PolicyCheck
{
    /// <summary>
    /// All of them when the file is mapped, under the lease (the default): what is refused is not mapped, and accesses cost nothing more.
    /// </summary>
    AtMap = 0,

    /// <summary>
    /// Those that an access touches, when a scope is opened and at each checked read and write, once for each page (and again after an
    /// operation on the file through the library).
    /// </summary>
    /// <remarks>
    /// A refused access throws <see cref="MappingFaultException"/> and is not made. An access that is allowed and would change the block
    /// map (allocate, convert, un-share) is a breaker: where somebody else holds a lease, it begins the break and fails at once; where
    /// nobody does, the blocks are made ready first, so a full disk is an exception. Accesses cost more: about two thirds of a
    /// <see cref="System.IO.MemoryMappedFiles.MemoryMappedViewAccessor"/>'s, and the first one to each 2 MiB after a change of the file
    /// asks the file system, which writes what is dirty there. What another thread does to the file between the check and the access is not
    /// judged; where it takes the page away, that is a fault as in any mapping (<see cref="RegionFacts.Containment"/>).
    /// </remarks>
    AtAccess = 1,
}
