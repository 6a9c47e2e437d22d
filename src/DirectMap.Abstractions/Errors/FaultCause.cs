namespace DirectMap;

/// <summary>Why an access to a mapping did not reach the file.</summary>
public enum FaultCause
{
    /// <summary>The mapping was revoked when the lease break deadline passed.</summary>
    Revoked = 0,

    /// <summary>The file no longer reaches as far as the bytes accessed.</summary>
    BeyondEndOfFile = 1,
}
