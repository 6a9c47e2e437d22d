namespace DirectMap;

/// <summary>Why an access to a mapping failed.</summary>
public enum FaultCause
{
    /// <summary>The file system could not make the blocks ready that the access needs; the inner exception says what it said. It was not made.</summary>
    Unknown = 0,

    /// <summary>The mapping was revoked when the lease break deadline passed. Nothing is known of the access.</summary>
    Revoked = 1,

    /// <summary>The file no longer reaches as far as the bytes accessed.</summary>
    BeyondEndOfFile = 2,

    /// <summary>The fault policy refused it at access; <see cref="MappingFaultException.Refusal"/> says why. It was not made.</summary>
    Refused = 3,

    /// <summary>
    /// It would have made the file system allocate, convert or copy blocks, and somebody holds a lease on the layout; the message says who, the inner exception what conflicts. It was not made. The break of shared leases has begun, so a later try succeeds.
    /// </summary>
    LayoutLeased = 4,

    /// <summary>It would have made the file system allocate blocks, and there is no space. It was not made.</summary>
    NoSpace = 5,
}
