using DirectMap.BlockMaps;
using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>A file by Linux's own system calls.</summary>
internal sealed class LinuxFile(Inode inode, SafeFileHandle handle, string path) : OpenedFile(inode, handle, path)
{
    internal override Statx.FileStatus Status => Statx.Of(Handle, Path);

    internal override int TryGetLength(out long length)
    {
        int errno = Statx.TryGet(Handle, out Statx.FileStatus status);
        length = status.Size;
        return errno;
    }

    internal override FileSystem FileSystem => KnownFileSystems.Of(Handle, Path);

    internal override (long Total, long Free, long Available) Space => Statfs.Space(Handle, Path);

    internal override bool MayLease(FileAccess access, uint owner) => LeasePermission.IsGiven(Handle, Path, access, owner);

    internal override IBlockMap BlockMap => new FileBlockMap(Handle, Path);

    internal override MappedView MapView(FileRange range, MappingAccess access, bool wantsSync)
    {
        string? missing = "MAP_SYNC was not asked for";
        return (wantsSync ? SyncMapping.TryCreate(Handle, range, access, Path, out missing) : null)
            ?? LinuxView.Create(Handle, range, access, Path, missing!);
    }

    internal override int TryPopulate(MappedView view, long offset, long length, bool writing) => view.TryPopulate(offset, length, writing);

    internal override int TryRead(Span<byte> buffer, long offset, out int count) =>
        PositionedIO.TryRead(Handle, buffer, offset, out count);

    internal override int TryWrite(ReadOnlySpan<byte> data, long offset) => PositionedIO.TryWrite(Handle, data, offset, out _);

    internal override int TryWrite(ReadOnlyMemory<byte>[] buffers, long offset) => PositionedIO.TryWrite(Handle, buffers, offset);

    internal override int TryBeginWriteback(FileRange range) => SyncFileRange.TryBegin(Handle, range);

    internal override int TryAwaitWriteback(FileRange range) => SyncFileRange.TryWait(Handle, range);

    internal override OpenedFile? TryOpenApart()
    {
        try
        {
            return KnownFileSystems.ReportsToEachDescription(Handle, Path) && !KernelLease.IsHeld(Handle)
                && OpenFile.TryReopenForNothing(Handle) is { } apart
                ? new LinuxFile(Inode, apart, Path)
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return null; // It is not known what lies below.
        }
    }

    internal override int TrySync() => Fsync.Try(Handle);

    internal override int TryLock(FileRange bytes) => OpenFileLock.TryLock(Handle, bytes, exclusive: true);

    internal override int TryLockShared(FileRange bytes) => OpenFileLock.TryLock(Handle, bytes, exclusive: false);

    internal override int TryUnlock(FileRange bytes) => OpenFileLock.TryUnlock(Handle, bytes);

    internal override bool? IsLockedByOther(FileRange bytes) =>
        OpenFileLock.TryFindOther(Handle, bytes, out int? process) == 0 ? process is not null : null;

    internal override int? LockingProcess(FileRange bytes) =>
        OpenFileLock.TryFindOther(Handle, bytes, out int? process) == 0 && process > 0 ? process : null;

    internal override int TryAllocate(Fallocate.FallocateMode mode, FileRange range) => Fallocate.Try(Handle, mode, range);

    internal override int TrySetLength(long length) => Ftruncate.Try(Handle, length);

    internal override int TryClone(OpenedFile source) => Reflink.TryClone(source.Handle, Handle);

    internal override int TryCloneRange(OpenedFile source, FileRange range, long offset) =>
        Reflink.TryCloneRange(source.Handle, range, Handle, offset);

    internal override int TryDedupe(OpenedFile source, FileRange range, long offset, out long deduped) =>
        Reflink.TryDedupe(source.Handle, range, Handle, offset, out deduped);

    internal override int TryCopy(OpenedFile source, FileRange range, long offset, out long copied) =>
        CopyFileRange.Try(source.Handle, range, Handle, offset, out copied);
}
