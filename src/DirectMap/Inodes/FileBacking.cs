using DirectMap.Durability;
using DirectMap.FileSystems;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// All that is asked of the system about files: the one place where the ways part between Linux's system calls and what .NET offers
/// everywhere. It decides nothing about leases. Stateless, safe for any thread; what returns an error number returns one of Linux's
/// (<see cref="Errno"/>) on every system, 0 for none.
/// </summary>
internal abstract class FileBacking
{
    /// <summary>Which one it is.</summary>
    internal abstract FileBackingKind Kind { get; }

    /// <summary>How its regions are revoked.</summary>
    internal abstract RegionRevocation Revocation { get; }

    /// <summary>The largest size in bytes that the process may give a file; to go beyond it must not be tried.</summary>
    internal abstract long MaxFileSize { get; }

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

    internal abstract Statx.FileStatus StatusOf(SafeFileHandle file, string path);

    internal abstract int TryGetLength(SafeFileHandle file, out long length);

    internal abstract FileSystem FileSystemOf(SafeFileHandle file, string path);

    /// <summary>What there is on the file system, and how much of it is free, in bytes; a total of 0 where nobody can say.</summary>
    internal abstract (long Total, long Free, long Available) SpaceOf(SafeFileHandle file, string path);

    /// <summary>Whether the caller may hold a lease on the file, by the system's rule.</summary>
    internal abstract bool MayLease(SafeFileHandle file, string path, FileAccess access, uint owner);

    internal abstract IBlockMap BlockMapOf(Inode inode, SafeFileHandle file, string path);

    /// <summary>How durable a region's Persist is here, where nothing is emulated.</summary>
    internal abstract RegionDurability DurabilityOf(in FileSystem fileSystem, EffectiveGranularity granularity);

    /// <summary>In which unit stores to its mappings become durable, or would, where that is emulated.</summary>
    /// <param name="emulated">What is emulated; null for nothing.</param>
    /// <param name="isDax">Whether the file is on DAX.</param>
    /// <param name="syncMissing">Why it is not mapped with MAP_SYNC; null where it is, or for the best that can come of mapping it.</param>
    internal abstract EffectiveGranularity GranularityOf(PersistGranularity? emulated, bool isDax, string? syncMissing);

    /// <summary>What there is against faults in its mappings, of what was asked for.</summary>
    internal abstract RegionContainment ContainmentOf(FaultContainment wanted, in FileSystem fileSystem);

    /// <summary>Maps a range of a file, shared.</summary>
    /// <param name="file">The file.</param>
    /// <param name="range">Its bytes.</param>
    /// <param name="access">Protection.</param>
    /// <param name="path">For messages.</param>
    /// <param name="wantsSync">Whether with MAP_SYNC, if that can be had: <see cref="MappedView.SyncMissing"/>.</param>
    internal abstract MappedView Map(SafeFileHandle file, FileRange range, MappingAccess access, string path, bool wantsSync);

    /// <summary>Makes the page faults of loads or stores, and no store, to whole pages of a view.</summary>
    internal abstract int TryPopulate(Inode inode, MappedView view, long offset, long length, bool writing);

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    internal abstract int TryRead(SafeFileHandle file, Span<byte> buffer, long offset, out int count);

    internal abstract int TryWrite(Inode inode, SafeFileHandle file, ReadOnlySpan<byte> data, long offset);

    /// <summary>Writes all buffers, one after another.</summary>
    internal abstract int TryWrite(Inode inode, SafeFileHandle file, ReadOnlyMemory<byte>[] buffers, long offset);

    /// <summary>
    /// Begins to write what is dirty in a range of one byte or more, and waits for nothing but room in the device's queue. It makes nothing
    /// durable.
    /// </summary>
    /// <returns>0, or the error number: ENOSYS where the system knows no such thing.</returns>
    internal abstract int TryBeginWriteback(SafeFileHandle file, FileRange range);

    /// <summary>
    /// Waits for what is being written in a range of one byte or more. It makes nothing durable, and takes the report of a failure away,
    /// as a sync does.
    /// </summary>
    /// <returns>As above.</returns>
    internal abstract int TryAwaitWriteback(SafeFileHandle file, FileRange range);

    /// <summary>
    /// Opens another description, to wait with (<see cref="TryAwaitWriteback"/>) and for nothing else. It is to be closed with the file's
    /// other descriptions: with it go all record locks (fcntl F_SETLK) of the process on the file.
    /// </summary>
    /// <param name="readWrite">A description that may write. So nobody has a lease on the file that the opening would break; where the
    /// process has one through it, there is none.</param>
    /// <param name="path">For messages.</param>
    /// <returns>Null where there is none, or where the file system might not tell each description of a failure.</returns>
    internal abstract SafeFileHandle? TryOpenApart(SafeFileHandle readWrite, string path);

    /// <summary>Makes what was written to the file durable.</summary>
    internal abstract int TrySync(SafeFileHandle file);

    /// <summary>
    /// Locks bytes of the file for its description, so that no other process gets them (<see cref="OpenFileLock"/>). The description is
    /// the process's only one for writing.
    /// </summary>
    /// <returns>0, also where there is no lock to be had between processes; EAGAIN where another process has some of them; another error
    /// number.</returns>
    internal abstract int TryLock(SafeFileHandle file, FileRange bytes);

    /// <summary>The same, but others may lock the bytes like this, too; a description for reading is enough.</summary>
    internal abstract int TryLockShared(SafeFileHandle file, FileRange bytes);

    internal abstract int TryUnlock(SafeFileHandle file, FileRange bytes);

    /// <summary>
    /// Whether another description has locked some of the bytes, in whatever way; null where nobody can say.
    /// </summary>
    internal abstract bool? IsLockedByOther(SafeFileHandle file, FileRange bytes);

    /// <summary>The process that keeps the file's description from locking bytes; null where nobody does, or it has no name.</summary>
    internal abstract int? LockingProcess(SafeFileHandle file, FileRange bytes);

    internal abstract int TryAllocate(Inode inode, SafeFileHandle file, string path, Fallocate.FallocateMode mode, FileRange range);

    internal abstract int TrySetLength(Inode inode, SafeFileHandle file, long length);

    internal abstract int TryClone(SafeFileHandle source, SafeFileHandle file);

    internal abstract int TryCloneRange(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset);

    internal abstract int TryDedupe(SafeFileHandle source, FileRange range, SafeFileHandle file, long offset, out long deduped);

    /// <summary>Copies until everything is copied or the source ends.</summary>
    internal abstract int TryCopy(SafeFileHandle source, FileRange range, Inode inode, SafeFileHandle file, long offset, out long copied);
}
