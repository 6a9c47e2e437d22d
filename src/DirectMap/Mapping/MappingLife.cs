using DirectMap.Linux;

namespace DirectMap.Mapping;

/// <summary>
/// What is in a region's state word: how far its life has gone, and one bit for lost pages, which only the fault handler sets. Only the
/// word's order matters to an access: everything above <see cref="Releasing"/> means that the page it met may not be the file's. That a
/// break goes on is not in the word: the lease knows it, and the mapping is fully usable meanwhile.
/// </summary>
internal enum MappingLife
{
    Active = 0,
    Releasing = 1,
    Disposed = 2,
    Revoked = 3,

    /// <summary>Pages were lost in this generation; or'ed to the others.</summary>
    Lost = FaultHandler.StateBlock.Lost,
}
