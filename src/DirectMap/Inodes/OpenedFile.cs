using DirectMap.FileSystems;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>
/// A file that is open: its inode, an open file description and the path that it was opened by, and all that is asked of the system about
/// it. Here the ways part between Linux's system calls and what .NET offers everywhere. It decides nothing about leases, and has no life of
/// its own: <see cref="InodeReference"/> keeps the description open. Safe for any thread; what returns an error number
/// returns one of Linux's (<see cref="Errno"/>) on every system, 0 for none.
/// </summary>
internal abstract class OpenedFile(Inode inode, SafeFileHandle handle, string path)
{
    internal Inode Inode { get; } = inode;

    /// <summary>The description; others may share it.</summary>
    internal SafeFileHandle Handle { get; } = handle;

    /// <summary>For messages: it may lead to another file by now.</summary>
    internal string Path { get; } = path;

    internal abstract Statx.FileStatus Status { get; }

    internal abstract FileSystem FileSystem { get; }

    /// <summary>What there is on the file system, and how much of it is free, in bytes; a total of 0 where nobody can say.</summary>
    internal abstract (long Total, long Free, long Available) Space { get; }

    /// <summary>Its block map; where the true one cannot be had, the one that is emulated.</summary>
    internal abstract IBlockMap BlockMap { get; }

    internal abstract int TryGetLength(out long length);

    /// <summary>Whether the caller may hold a lease on the file, by the system's rule.</summary>
    internal abstract bool MayLease(FileAccess access, uint owner);

    /// <summary>Size of a block in bytes; 1 or more. The file system is asked once.</summary>
    internal long BlockSize => Inode.BlockSizeOf(this);

    /// <summary>Maps a range, shared.</summary>
    /// <param name="range">Its bytes.</param>
    /// <param name="access">Protection.</param>
    /// <param name="wantsSync">Whether with MAP_SYNC, if that can be had: <see cref="MappedView.SyncMissing"/>.</param>
    internal MappedView Map(FileRange range, MappingAccess access, bool wantsSync)
    {
        MappedView view = MapView(range, access, wantsSync);
        view.EnterIn(Inode.Addresses, range);
        return view;
    }

    /// <summary>Makes the page faults of loads or stores, and no store, to whole pages of a view.</summary>
    internal abstract int TryPopulate(MappedView view, long offset, long length, bool writing);

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    internal abstract int TryRead(Span<byte> buffer, long offset, out int count);

    internal abstract int TryWrite(ReadOnlySpan<byte> data, long offset);

    /// <summary>Writes all buffers, one after another.</summary>
    internal abstract int TryWrite(ReadOnlyMemory<byte>[] buffers, long offset);

    /// <summary>
    /// Begins to write what is dirty in a range of one byte or more, and waits for nothing but room in the device's queue. It makes nothing
    /// durable.
    /// </summary>
    /// <returns>0, or the error number: ENOSYS where the system knows no such thing.</returns>
    internal abstract int TryBeginWriteback(FileRange range);

    /// <summary>
    /// Waits for what is being written in a range of one byte or more. It makes nothing durable, and takes the report of a failure away,
    /// as a sync does.
    /// </summary>
    /// <returns>As above.</returns>
    internal abstract int TryAwaitWriteback(FileRange range);

    /// <summary>
    /// The same file through another description, to wait with (<see cref="TryAwaitWriteback"/>) and for nothing else. It is to be closed
    /// with the file's other descriptions: with it go all record locks (fcntl F_SETLK) of the process on the file. This one may write, so
    /// nobody has a lease on the file that the opening would break; where the process has one through it, there is none.
    /// </summary>
    /// <returns>Null where there is none, or where the file system might not tell each description of a failure.</returns>
    internal abstract OpenedFile? TryOpenApart();

    /// <summary>Makes what was written to the file durable.</summary>
    internal abstract int TrySync();

    /// <summary>
    /// Locks bytes of the file for its description, so that no other process gets them (<see cref="OpenFileLock"/>). The description is
    /// the process's only one for writing.
    /// </summary>
    /// <returns>0, also where there is no lock to be had between processes; EAGAIN where another process has some of them; another error
    /// number.</returns>
    internal abstract int TryLock(FileRange bytes);

    /// <summary>The same, but others may lock the bytes like this, too; a description for reading is enough.</summary>
    internal abstract int TryLockShared(FileRange bytes);

    internal abstract int TryUnlock(FileRange bytes);

    /// <summary>
    /// Whether another description has locked some of the bytes, in whatever way; null where nobody can say.
    /// </summary>
    internal abstract bool? IsLockedByOther(FileRange bytes);

    /// <summary>The process that keeps the file's description from locking bytes; null where nobody does, or it has no name.</summary>
    internal abstract int? LockingProcess(FileRange bytes);

    internal abstract int TryAllocate(Fallocate.FallocateMode mode, FileRange range);

    internal abstract int TrySetLength(long length);

    /// <summary>Makes the whole source's blocks this file's, too.</summary>
    internal abstract int TryClone(OpenedFile source);

    internal abstract int TryCloneRange(OpenedFile source, FileRange range, long offset);

    internal abstract int TryDedupe(OpenedFile source, FileRange range, long offset, out long deduped);

    /// <summary>Copies until everything is copied or the source ends.</summary>
    internal abstract int TryCopy(OpenedFile source, FileRange range, long offset, out long copied);

    /// <summary>The same, aside from what the process copies to and from by addresses (<see cref="Inode.Addresses"/>).</summary>
    internal abstract MappedView MapView(FileRange range, MappingAccess access, bool wantsSync);
}
