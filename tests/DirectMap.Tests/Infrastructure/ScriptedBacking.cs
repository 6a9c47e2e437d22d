using DirectMap.BlockMaps;
using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Its files do what another backing's do, except for what a test has them do in the calls that change or lock them.</summary>
internal sealed class ScriptedBacking(FileBacking inner) : FileBacking
{
    /// <summary>
    /// Is asked before each call that changes a file or locks it, by its name: it may wait or throw, or say what to answer instead of
    /// making the call (0 for success). Null makes it.
    /// </summary>
    internal Func<string, int?> Before { get; set; } = _ => null;

    /// <summary>Whether what is answered by <see cref="Before"/> was done for the first half of its bytes.</summary>
    internal bool DoesHalf { get; set; }

    /// <summary>What a block's size is said to be; null for what it is. It is asked for once for each inode.</summary>
    internal long? BlockSize { get; set; }

    /// <summary>Whether its file is said to have the NOCOW attribute.</summary>
    internal bool IsNoCopyOnWrite { get; set; }

    /// <summary>The process's limit of a file's size, as the library is told; null for what it is.</summary>
    internal long? SizeLimit { get; set; }

    /// <summary>What is said to be known of the file system; null for what is.</summary>
    internal BlockMapStability? Stability { get; set; }

    internal override FileBackingKind Kind => inner.Kind;

    internal override Stated<RevocationKind> Revocation => inner.Revocation;

    internal override long MaxFileSize => SizeLimit ?? inner.MaxFileSize;

    internal override InodeReference Open(string path, FileAccess access, FileBinding binding, FileShare? share = null) =>
        inner.Open(path, access, binding, share);

    internal override InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch) =>
        inner.Create(path, length, binding, share, watch);

    internal override Stated<DurabilityKind> DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity) =>
        inner.DurabilityOf(fileSystem, granularity);

    internal override EffectiveGranularity GranularityOf(PersistGranularity? emulated, bool isDax, string? syncMissing) =>
        inner.GranularityOf(emulated, isDax, syncMissing);

    internal override Stated<ContainmentKind> ContainmentOf(FaultContainment wanted, in FileSystem fileSystem) =>
        inner.ContainmentOf(wanted, fileSystem);

    internal override OpenedFile FileOf(Inode inode, SafeFileHandle handle, string path) =>
        new ScriptedOpenedFile(this, inner.FileOf(inode, handle, path));
}
