namespace DirectMap;

/// <summary>Attributes of a file that matter to a mapping of it.</summary>
[Flags]
public enum InodeAttributes
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>The file system compresses the file (STATX_ATTR_COMPRESSED).</summary>
    Compressed = 0x4,

    /// <summary>Nobody can change the file (STATX_ATTR_IMMUTABLE; chattr +i).</summary>
    /// <remarks>It cannot be changed either through descriptors and mappings from before.</remarks>
    Immutable = 0x10,

    /// <summary>The file can only grow (STATX_ATTR_APPEND; chattr +a).</summary>
    AppendOnly = 0x20,

    /// <summary>The file system encrypts the file (STATX_ATTR_ENCRYPTED; fscrypt).</summary>
    Encrypted = 0x800,

    /// <summary>The file is protected by fs-verity (STATX_ATTR_VERITY), which makes its content unchangeable.</summary>
    Verity = 0x10_0000,

    /// <summary>Overwriting does not move blocks, on a file system that otherwise would (FS_NOCOW_FL; chattr +C).</summary>
    NoCopyOnWrite = 0x80_0000,
}
