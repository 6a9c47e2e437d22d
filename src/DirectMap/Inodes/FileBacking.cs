using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// One of the ways to work with files, Linux's system calls or what .NET offers everywhere: how it opens them, and what it has to offer.
/// What is asked about one file is <see cref="OpenedFile"/>'s. Stateless, safe for any thread.
/// </summary>
internal abstract class FileBacking
{
    /// <summary>Which one it is.</summary>
    internal abstract FileBackingKind Kind { get; }

    /// <summary>How its regions are revoked.</summary>
    internal abstract Stated<RevocationKind> Revocation { get; }

    /// <summary>The largest size in bytes that the process may give a file; to go beyond it must not be tried.</summary>
    internal abstract long MaxFileSize { get; }

    /// <summary>A file of this system, through one of its descriptions.</summary>
    internal abstract OpenedFile FileOf(Inode inode, SafeFileHandle handle, string path);

    /// <summary>Opens a regular file that exists.</summary>
    /// <param name="path">Which.</param>
    /// <param name="access">For what.</param>
    /// <param name="binding">Under what.</param>
    /// <param name="share">Who else may have it open, as FileStream means it; null for whoever has.</param>
    internal abstract InodeReference Open(string path, FileAccess access, FileBinding binding, FileShare? share = null);

    /// <summary>Makes a file of written zeros, or leaves nothing behind.</summary>
    /// <param name="path">Where.</param>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="binding">Under what.</param>
    /// <param name="share">Who else may open it, from when it has its name; null for whoever does.</param>
    /// <param name="watch">Who is told.</param>
    internal abstract InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch);

    /// <summary>How durable a region's Persist is here, where nothing is emulated.</summary>
    internal abstract Stated<DurabilityKind> DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity);

    /// <summary>In which unit stores to its mappings become durable, or would, where that is emulated.</summary>
    /// <param name="emulated">What is emulated; null for nothing.</param>
    /// <param name="isDax">Whether the file is on DAX.</param>
    /// <param name="syncMissing">Why it is not mapped with MAP_SYNC; null where it is, or for the best that can come of mapping it.</param>
    internal abstract EffectiveGranularity GranularityOf(PersistGranularity? emulated, bool isDax, string? syncMissing);

    /// <summary>What there is against faults in its mappings, of what was asked for.</summary>
    internal abstract Stated<ContainmentKind> ContainmentOf(FaultContainment wanted, in FileSystem fileSystem);
}
