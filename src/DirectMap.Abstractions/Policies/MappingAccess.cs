namespace DirectMap;

/// <summary>What a mapping may do with the bytes.</summary>
public enum MappingAccess
{
    /// <summary>Loads only (PROT_READ).</summary>
    Read = 0,

    /// <summary>Loads and stores (PROT_READ | PROT_WRITE).</summary>
    ReadWrite = 1,
}
