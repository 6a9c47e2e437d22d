using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>What .NET offers everywhere.</summary>
internal sealed class PortableBacking : FileBacking
{
    internal static readonly PortableBacking Instance = new();

    private PortableBacking()
    {
    }

    internal override FileBackingKind Kind => FileBackingKind.Portable;

    internal override Stated<RevocationKind> Revocation => new(
        RevocationKind.Cooperative,
        "the portable backing cannot put other pages where the file's are: a mapping goes when no scope is open in it");

    /// <summary>There is no way to ask for a limit.</summary>
    internal override long MaxFileSize => long.MaxValue;

    internal override OpenedFile FileOf(Inode inode, SafeFileHandle handle, string path) => new PortableFile(inode, handle, path);

    internal override InodeReference Open(string path, FileAccess access, FileBinding binding, FileShare? share = null) =>
        PortableOpening.Open(path, access, binding, share);

    internal override InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch) =>
        PortableOpening.Create(path, length, binding, share, watch);

    internal override Stated<DurabilityKind> DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity) =>
        new(
            DurabilityKind.Unknown,
            "the whole view is flushed and then the file (RandomAccess.FlushToDisk): as durable as what lies below, "
                + "which cannot be seen from here");

    internal override EffectiveGranularity GranularityOf(PersistGranularity? emulated, bool isDax, string? syncMissing) =>
        new(PersistGranularity.Page, "the portable backing can only have the system flush the file");

    internal override Stated<ContainmentKind> ContainmentOf(FaultContainment wanted, in FileSystem fileSystem) =>
        new(ContainmentKind.None, "the portable backing has no native code and makes no system calls");
}
