namespace DirectMap.Breakers;

/// <summary>What a system call that waits is to the file.</summary>
internal enum CallRole
{
    /// <summary>Proven to change nothing that a holder relies on.</summary>
    Harmless,

    /// <summary>It changes nothing, and what is opened may be written to and mapped writable later.</summary>
    OpensForWriting,

    /// <summary>It changes the file, or may; it makes no mapping.</summary>
    Changes,

    /// <summary>It makes a mapping that may be stored to, or may do so: nobody sees the stores.</summary>
    MapsWritable,
}
