namespace DirectMap.Mapping;

/// <summary>
/// The values of a region's state word. Only the word's order matters to an access: everything above <see cref="Releasing"/> means that the pages are, or are about to
/// be, no longer the file's. That a break goes on is not in the word: the lease knows it, and the mapping is fully usable meanwhile.
/// </summary>
internal enum RegionWord
{
    /// <summary>Active, in diagnostic mode: the opening of a scope, which compares with Active, takes the slow way; nothing else differs.</summary>
    Diagnosed = -1,
    Active = 0,
    Releasing = 1,
    Disposed = 2,
    Revoked = 3,
}
