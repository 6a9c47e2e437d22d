namespace DirectMap;

/// <summary>Why an access to a mapping failed.</summary>
public enum FaultCause
{
    /// <summary>
    /// The kernel or the file system could not provide the blocks that the access needs, and what can be seen afterwards does not say why:
    /// the file system was shut down, or things have changed since.
    /// </summary>
    /// <remarks>The message has what is known, the inner exception, if any, what the file system said.</remarks>
    Unknown = 0,

    /// <summary>The mapping was revoked when the lease break deadline passed.</summary>
    /// <remarks>Nothing is known of the access.</remarks>
    Revoked = 1,

    /// <summary>The file no longer reaches as far as the bytes accessed.</summary>
    BeyondEndOfFile = 2,

    /// <summary>The fault policy refused it at access; <see cref="MappingFaultException.Refusal"/> says why.</summary>
    /// <remarks>It was not made.</remarks>
    Refused = 3,

    /// <summary>
    /// It would have made the file system allocate, convert or copy blocks, and somebody holds a lease on the layout; the message says who,
    /// the inner exception what conflicts.
    /// </summary>
    /// <remarks>It was not made. The break of shared leases has begun, so a later try succeeds.</remarks>
    LayoutLeased = 4,

    /// <summary>It needed blocks that the file system would have had to allocate, and there is no space.</summary>
    /// <remarks>
    /// No byte of the pages in question was stored; with <see cref="MappingFaultException.Lost"/> those are the ones, otherwise the access
    /// was not made at all.
    /// </remarks>
    NoSpace = 5,

    /// <summary>The medium or the memory has lost the data (EIO, or a memory error that the machine reported).</summary>
    BadBlock = 6,

    /// <summary>The mapping was revoked since the file was changed without asking.</summary>
    /// <remarks><see cref="MappingFaultException.Trespass"/> says what is known of whom. Nothing is known of the access.</remarks>
    Trespass = 7,

    /// <summary>The mapping was revoked since the file is no longer protected at the level that was required.</summary>
    /// <remarks>Nothing is known of the access.</remarks>
    ProtectionLost = 8,
}
