using DirectMap.BlockMaps;
using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tests.Infrastructure;

/// <summary>Does what another backing does, except for what a test has it do in the calls that change a file or lock it.</summary>
internal sealed class ScriptedBacking(FileBacking inner) : FileBacking
{
    private SafeFileHandle? _apart;

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

    internal override RegionRevocation Revocation => inner.Revocation;

    internal override long MaxFileSize => SizeLimit ?? inner.MaxFileSize;

    internal override InodeReference Open(string path, FileAccess access, FileBinding binding, FileShare? share = null) =>
        inner.Open(path, access, binding, share);

    internal override InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch) =>
        inner.Create(path, length, binding, share, watch);

    internal override Statx.FileStatus StatusOf(SafeFileHandle file, string path) => inner.StatusOf(file, path);

    internal override int TryGetLength(SafeFileHandle file, out long length) => inner.TryGetLength(file, out length);

    /// <summary>One whose files can share blocks, so that an operation with a source touches that, too.</summary>
    internal override FileSystem FileSystemOf(SafeFileHandle file, string path) =>
        inner.FileSystemOf(file, path) is var found && BlockSize is { } size
            ? found with { NeverShares = false, BlockSize = size, Stability = Stability ?? found.Stability }
            : found with { NeverShares = false, IsNoCopyOnWrite = IsNoCopyOnWrite };

    internal override (long Total, long Free, long Available) SpaceOf(SafeFileHandle file, string path) => inner.SpaceOf(file, path);

    internal override bool MayLease(SafeFileHandle file, string path, FileAccess access, uint owner) =>
        inner.MayLease(file, path, access, owner);

    internal override IBlockMap BlockMapOf(Inode inode, SafeFileHandle file, string path) => inner.BlockMapOf(inode, file, path);

    internal override RegionDurability DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity) =>
        inner.DurabilityOf(fileSystem, granularity);

    internal override EffectiveGranularity GranularityOf(PersistGranularity? emulated, bool isDax, string? syncMissing) =>
        inner.GranularityOf(emulated, isDax, syncMissing);

    internal override RegionContainment ContainmentOf(FaultContainment wanted, in FileSystem fileSystem) =>
        inner.ContainmentOf(wanted, fileSystem);

    internal override MappedView Map(SafeFileHandle file, FileRange range, MappingAccess access, string path, bool wantsSync) =>
        inner.Map(file, range, access, path, wantsSync);

    internal override int TryPopulate(Inode inode, MappedView view, long offset, long length, bool writing) =>
        Before(nameof(TryPopulate)) ?? inner.TryPopulate(inode, view, offset, length, writing);

    internal override int TryRead(SafeFileHandle file, Span<byte> buffer, long offset, out int count) =>
        inner.TryRead(file, buffer, offset, out count);

    internal override int TryWrite(Inode inode, SafeFileHandle file, ReadOnlySpan<byte> data, long offset)
    {
        int? answer = Before(nameof(TryWrite));
        if (answer is null || DoesHalf)
        {
            int errno = inner.TryWrite(inode, file, answer is null ? data : data[..(data.Length / 2)], offset);
            return answer ?? errno;
        }

        return answer.Value;
    }

    internal override int TryWrite(Inode inode, SafeFileHandle file, ReadOnlyMemory<byte>[] buffers, long offset)
    {
        int? answer = Before(nameof(TryWrite));
        if (answer is null || DoesHalf)
        {
            int errno = inner.TryWrite(inode, file, answer is null ? buffers : buffers[..(buffers.Length / 2)], offset);
            return answer ?? errno;
        }

        return answer.Value;
    }

    internal override int TryBeginWriteback(SafeFileHandle file, FileRange range) =>
        Before(nameof(TryBeginWriteback)) ?? inner.TryBeginWriteback(file, range);

    internal override int TryAwaitWriteback(SafeFileHandle file, FileRange range) =>
        Before(ReferenceEquals(file, _apart) ? "TryAwaitApart" : nameof(TryAwaitWriteback)) ?? inner.TryAwaitWriteback(file, range);

    internal override SafeFileHandle? TryOpenApart(SafeFileHandle readWrite, string path) =>
        _apart = Before(nameof(TryOpenApart)) is null ? inner.TryOpenApart(readWrite, path) : null;

    internal override int TrySync(SafeFileHandle file) => Before(nameof(TrySync)) ?? inner.TrySync(file);

    internal override int TryLock(SafeFileHandle file, FileRange bytes) =>
        Before(nameof(TryLock)) ?? inner.TryLock(file, bytes);

    internal override int TryUnlock(SafeFileHandle file, FileRange bytes) =>
        Before(nameof(TryUnlock)) ?? inner.TryUnlock(file, bytes);

    internal override int TryLockShared(SafeFileHandle file, FileRange bytes) =>
        Before(nameof(TryLockShared)) ?? inner.TryLockShared(file, bytes);

    internal override bool? IsLockedByOther(SafeFileHandle file, FileRange bytes) => inner.IsLockedByOther(file, bytes);

    internal override int? LockingProcess(SafeFileHandle file, FileRange bytes) => inner.LockingProcess(file, bytes);

    internal override int TryAllocate(Inode inode, SafeFileHandle file, string path, Fallocate.FallocateMode mode, FileRange range) =>
        Before(nameof(TryAllocate)) ?? inner.TryAllocate(inode, file, path, mode, range);

    internal override int TrySetLength(Inode inode, SafeFileHandle file, long length) =>
        Before(nameof(TrySetLength)) ?? inner.TrySetLength(inode, file, length);

    internal override int TryClone(SafeFileHandle source, SafeFileHandle file) => Before(nameof(TryClone)) ?? inner.TryClone(source, file);

    internal override int TryCloneRange(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset) =>
        Before(nameof(TryCloneRange)) ?? inner.TryCloneRange(source, range, file, offset);

    internal override int TryDedupe(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset, out long deduped)
    {
        deduped = 0;
        return Before(nameof(TryDedupe)) ?? inner.TryDedupe(source, range, file, offset, out deduped);
    }

    internal override int TryCopy(SafeFileHandle source, FileRange range, Inode inode, SafeFileHandle file, long offset, out long copied)
    {
        copied = 0;
        int? answer = Before(nameof(TryCopy));
        if (answer is null || DoesHalf)
        {
            FileRange part = answer is null ? range : new FileRange(range.Offset, range.Length / 2);
            int errno = inner.TryCopy(source, part, inode, file, offset, out copied);
            return answer ?? errno;
        }

        return answer.Value;
    }
}
