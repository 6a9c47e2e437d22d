using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Linux's own system calls.</summary>
internal sealed class LinuxBacking : FileBacking
{
    internal static readonly LinuxBacking Instance = new();

    private const int MaxAttempts = 16;

    private LinuxBacking() => OwnThread.BeginWith(FaultSignal.Unblock); // Before there is a mapping that could fault.

    internal override FileBackingKind Kind => FileBackingKind.Linux;

    internal override Stated<RevocationKind> Revocation =>
        new(RevocationKind.PagesReplaced, "mmap with MAP_FIXED puts anonymous pages where the file's were");

    internal override long MaxFileSize => ResourceLimit.FileSize;

    internal override OpenedFile FileOf(Inode inode, SafeFileHandle handle, string path) => new LinuxFile(inode, handle, path);

    internal override InodeReference Open(string path, FileAccess access, FileBinding binding, FileShare? share = null)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            InodeReference reference = LinuxOpening.Open(path, access, binding);
            try
            {
                if (share is not { } wanted)
                {
                    return reference;
                }

                // Who had the lock before may have removed the file with it: then this is the lock of a file that nobody else opens.
                reference.Claim(wanted);
                if (LinuxOpening.HasTheName(reference, path))
                {
                    return reference;
                }
            }
            catch
            {
                reference.Dispose();
                throw;
            }

            reference.Dispose();
        }

        throw LinuxOpening.AlwaysAnother(path);
    }

    internal override InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch) =>
        LinuxCreation.Create(path, length, binding, share, watch);

    internal override Stated<DurabilityKind> DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity)
    {
        if (granularity.Granularity != PersistGranularity.Page)
        {
            return new Stated<DurabilityKind>(
                DurabilityKind.PersistentMemory,
                granularity.Reason ?? "mapped with MAP_SYNC, and the processor's caches are in the persistence domain (eADR)");
        }

        if (fileSystem.IsVolatile)
        {
            return new Stated<DurabilityKind>(DurabilityKind.Memory, $"{fileSystem.Name} keeps its files in memory");
        }

        return fileSystem.Stability == BlockMapStability.Unverified
            ? new Stated<DurabilityKind>(
                DurabilityKind.Unknown, $"msync over {fileSystem.Name}: as durable as what lies below it, which cannot be seen from here")
            : new Stated<DurabilityKind>(DurabilityKind.PageCache, $"msync; {granularity.Reason}");
    }

    internal override EffectiveGranularity GranularityOf(PersistGranularity? emulated, bool isDax, string? syncMissing)
    {
        EffectiveGranularity granularity = emulated switch
        {
            PersistGranularity.Byte => new EffectiveGranularity(PersistGranularity.Byte, null),
            PersistGranularity.CacheLine when CacheFlush.Missing is { } missing =>
                new EffectiveGranularity(PersistGranularity.Page, $"cache lines cannot be flushed: {missing}"),
            PersistGranularity.CacheLine => new EffectiveGranularity(PersistGranularity.CacheLine, "it is what is emulated"),
            PersistGranularity.Page => new EffectiveGranularity(PersistGranularity.Page, "it is what is emulated"),
            _ => EffectiveGranularity.Of(isDax, syncMissing, PersistenceDomain.OfMachine, CacheFlush.Missing),
        };

        // A persist by bytes looks at its pages, which without the handler is the end of the process where msync would have
        // told of a truncation.
        return granularity.Granularity == PersistGranularity.Byte && FaultHandler.Missing is { } without
            ? new EffectiveGranularity(PersistGranularity.Page, $"pages that were lost could not be told: {without}")
            : granularity;
    }

    internal override Stated<ContainmentKind> ContainmentOf(FaultContainment wanted, in FileSystem fileSystem)
    {
        if (wanted == FaultContainment.Off)
        {
            return new Stated<ContainmentKind>(ContainmentKind.None, "it was not asked for");
        }

        if (fileSystem.HasHugePages)
        {
            return new Stated<ContainmentKind>(
                ContainmentKind.None, $"{fileSystem.Name} maps pages of another size, and no part of one can be replaced");
        }

        return FaultHandler.Missing switch
        {
            { } why when ProcessVm.Obstacle is not 0 and int errno =>
                new Stated<ContainmentKind>(ContainmentKind.None, $"{why}; nor can copies be made by system calls ({Errno.NameOf(errno)})"),
            { } why => new Stated<ContainmentKind>(ContainmentKind.Copies, why),
            null => HandlerContainment.Of(wanted),
        };
    }
}
