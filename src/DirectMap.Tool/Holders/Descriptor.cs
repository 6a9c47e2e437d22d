namespace DirectMap.Tool.Holders;

/// <summary>What a descriptor of a file permits.</summary>
internal enum DescriptorAccess
{
    Read = 0,
    Write = 1,
    ReadWrite = 2,

    /// <summary>Neither reading nor writing (access mode 3).</summary>
    None = 3,

    /// <summary>O_PATH: it only names the file.</summary>
    Path = 4,
}

/// <summary>A descriptor of the file in a process.</summary>
/// <param name="Number">The process's number of it.</param>
/// <param name="Access">What it permits.</param>
/// <param name="Locks">What is locked through it.</param>
internal sealed record Descriptor(int Number, DescriptorAccess Access, IReadOnlyList<FileLock> Locks);
