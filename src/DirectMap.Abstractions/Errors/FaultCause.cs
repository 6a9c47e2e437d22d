namespace DirectMap;

/// <summary>Why nothing is known of an access to a mapping.</summary>
public enum FaultCause
{
    /// <summary>The mapping was revoked when the lease break deadline passed.</summary>
    Revoked = 0,

    /// <summary>The file no longer reaches as far as the bytes accessed.</summary>
    BeyondEndOfFile = 1,
}
