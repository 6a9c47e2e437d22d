using DirectMap.BlockMaps;
using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Linux's own system calls.</summary>
internal sealed class LinuxBacking : FileBacking
{
    internal static readonly LinuxBacking Instance = new();

    private const int MaxAttempts = 16;

    private LinuxBacking()
    {
    }

    internal override FileBackingKind Kind => FileBackingKind.Linux;

    internal override RegionRevocation Revocation =>
        new(RevocationKind.PagesReplaced, "mmap with MAP_FIXED puts anonymous pages where the file's were");

    internal override long MaxFileSize => ResourceLimit.FileSize;

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
                reference.Claim(wanted, path);
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

    internal override Statx.FileStatus StatusOf(SafeFileHandle file, string path) => Statx.Of(file, path);

    internal override int TryGetLength(SafeFileHandle file, out long length)
    {
        int errno = Statx.TryGet(file, out Statx.FileStatus status);
        length = status.Size;
        return errno;
    }

    internal override FileSystem FileSystemOf(SafeFileHandle file, string path) => KnownFileSystems.Of(file, path);

    internal override (long Total, long Free, long Available) SpaceOf(SafeFileHandle file, string path) => Statfs.Space(file, path);

    internal override bool MayLease(SafeFileHandle file, string path, FileAccess access, uint owner) =>
        LeasePermission.IsGiven(file, path, access, owner);

    internal override IBlockMap BlockMapOf(Inode inode, SafeFileHandle file, string path) => new FileBlockMap(file, path);

    internal override RegionDurability DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity)
    {
        if (granularity.Granularity != PersistGranularity.Page)
        {
            return new RegionDurability(
                DurabilityKind.PersistentMemory,
                granularity.Reason ?? "mapped with MAP_SYNC, and the processor's caches are in the persistence domain (eADR)");
        }

        if (fileSystem.IsVolatile)
        {
            return new RegionDurability(DurabilityKind.Memory, $"{fileSystem.Name} keeps its files in memory");
        }

        return fileSystem.Stability == BlockMapStability.Unverified
            ? new RegionDurability(
                DurabilityKind.Unknown, $"msync over {fileSystem.Name}: as durable as what lies below it, which cannot be seen from here")
            : new RegionDurability(DurabilityKind.PageCache, $"msync; {granularity.Reason}");
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

    internal override RegionContainment ContainmentOf(FaultContainment wanted, in FileSystem fileSystem)
    {
        if (wanted == FaultContainment.Off)
        {
            return new RegionContainment(ContainmentKind.None, "it was not asked for");
        }

        if (fileSystem.HasHugePages)
        {
            return new RegionContainment(
                ContainmentKind.None, $"{fileSystem.Name} maps pages of another size, and no part of one can be replaced");
        }

        return FaultHandler.Missing switch
        {
            { } why when ProcessVm.Obstacle is not 0 and int errno =>
                new RegionContainment(ContainmentKind.None, $"{why}; nor can copies be made by system calls ({Errno.NameOf(errno)})"),
            { } why => new RegionContainment(ContainmentKind.Copies, why),
            null => HandlerContainment.Of(wanted),
        };
    }

    internal override MappedView Map(SafeFileHandle file, FileRange range, MappingAccess access, string path, bool wantsSync)
    {
        string? missing = "MAP_SYNC was not asked for";
        return (wantsSync ? SyncMapping.TryCreate(file, range, access, path, out missing) : null)
            ?? LinuxView.Create(file, range, access, path, missing!);
    }

    internal override int TryPopulate(Inode inode, MappedView view, long offset, long length, bool writing) =>
        view.TryPopulate(offset, length, writing);

    internal override int TryRead(SafeFileHandle file, Span<byte> buffer, long offset, out int count) =>
        PositionedIO.TryRead(file, buffer, offset, out count);

    internal override int TryWrite(Inode inode, SafeFileHandle file, ReadOnlySpan<byte> data, long offset) =>
        PositionedIO.TryWrite(file, data, offset, out _);

    internal override int TryWrite(Inode inode, SafeFileHandle file, ReadOnlyMemory<byte>[] buffers, long offset) =>
        PositionedIO.TryWrite(file, buffers, offset);

    internal override int TrySync(SafeFileHandle file) => Fsync.Try(file);

    internal override int TryLock(SafeFileHandle file, FileRange bytes) => OpenFileLock.TryLock(file, bytes, exclusive: true);

    internal override int TryLockShared(SafeFileHandle file, FileRange bytes) => OpenFileLock.TryLock(file, bytes, exclusive: false);

    internal override int TryUnlock(SafeFileHandle file, FileRange bytes) => OpenFileLock.TryUnlock(file, bytes);

    internal override bool? IsLockedByOther(SafeFileHandle file, FileRange bytes) =>
        OpenFileLock.TryFindOther(file, bytes, out int? process) == 0 ? process is not null : null;

    internal override int? LockingProcess(SafeFileHandle file, FileRange bytes) =>
        OpenFileLock.TryFindOther(file, bytes, out int? process) == 0 && process > 0 ? process : null;

    internal override int TryAllocate(Inode inode, SafeFileHandle file, string path, Fallocate.FallocateMode mode, FileRange range) =>
        Fallocate.Try(file, mode, range);

    internal override int TrySetLength(Inode inode, SafeFileHandle file, long length) => Ftruncate.Try(file, length);

    internal override int TryClone(SafeFileHandle source, SafeFileHandle file) => Reflink.TryClone(source, file);

    internal override int TryCloneRange(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset) =>
        Reflink.TryCloneRange(source, range, file, offset);

    internal override int TryDedupe(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset, out long deduped) =>
        Reflink.TryDedupe(source, range, file, offset, out deduped);

    internal override int TryCopy(SafeFileHandle source, FileRange range, Inode inode, SafeFileHandle file, long offset, out long copied) =>
        CopyFileRange.Try(source, range, file, offset, out copied);
}
