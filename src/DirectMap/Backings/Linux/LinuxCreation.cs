using DirectMap.FileSystems;
using DirectMap.Inodes;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Makes a file of written extents, or leaves nothing behind.</summary>
internal static class LinuxCreation
{
    /// <summary>After so much the caller is told, and may end it.</summary>
    private const int ChunkSize = 1 << 20;

    /// <summary>After so much the device begins to write.</summary>
    private const int WritebackSize = 8 << 20;

    internal static InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch)
    {
        if (length > ResourceLimit.FileSize)
        {
            // The kernel would send a signal that ends the process.
            throw Errno.ToException(Errno.EFBIG, "creating", path, new FileRange(0, length));
        }

        string folder = System.IO.Path.GetDirectoryName(path) ?? "/";

        // Before anything is made: without it the new name could not be made durable.
        using SafeFileHandle directory = OpenDirectory(folder, path);
        if (KnownFileSystems.Of(directory, path).HasHugePages)
        {
            throw new NotSupportedException(
                $"creating '{path}': on hugetlbfs no byte can be written by a system call, which making written blocks takes (EOPNOTSUPP); "
                    + "make the file by other means, open it, and map it as emulated")
            {
                HResult = Errno.EOPNOTSUPP
            };
        }

        if (System.IO.Path.Exists(path))
        {
            throw Errno.ToException(Errno.EEXIST, "creating", path); // Better now than when everything is written.
        }

        if (OpenFile.TryCreateUnnamed(directory, out SafeFileHandle file) == 0)
        {
            return Make(file, working: null, length, path, directory, new Making(binding, share, watch));
        }

        file.Dispose();

        // Not known here, or refused for a reason that will be told there.
        return CreateUnderOtherName(path, length, directory, binding, share, watch);
    }

    /// <summary>Where a file cannot be made without a name.</summary>
    internal static InodeReference CreateUnderOtherName(
        string path,
        long length,
        SafeFileHandle directory,
        FileBinding binding,
        FileShare? share,
        CreationWatch watch)
    {
        string folder = System.IO.Path.GetDirectoryName(path) ?? "/";
        WorkingFile working = WorkingFile.Create(directory, folder, path, isExclusive: share == FileShare.None);
        return Make(working.File, working, length, path, directory, new Making(binding, share, watch));
    }

    private static InodeReference Make(
        SafeFileHandle file, WorkingFile? working, long length, string path, SafeFileHandle directory, Making making)
    {
        bool isNamed = false;
        try
        {
            Fill(file, length, path, making.Watch);
            return Finish(file, working, path, directory, making, ref isNamed);
        }
        catch (Exception exception)
        {
            bool isLost = !isNamed && exception is FileNotFoundException && working is { IsLost: true };
            if (!isNamed)
            {
                working?.Remove();
            }

            file.Dispose();
            if (isLost)
            {
                throw WorkingFile.Lost(path, exception);
            }

            throw;
        }
    }

    /// <summary>Gives a whole file its name.</summary>
    private static InodeReference Finish(
        SafeFileHandle file, WorkingFile? working, string path, SafeFileHandle directory, Making making, ref bool isNamed)
    {
        // Known before it has its name, so that whoever opens it by that finds the same state.
        Inode inode = LinuxOpening.AddReference(Statx.Of(file, path).Id, making.Binding, path, file);
        inode.HasSmallFolios();
        InodeReference? reference = null;
        bool isOthers = false;
        try
        {
            bool isLinked = working is { IsRenamed: false };
            if (!isLinked && (making.Share is not null || making.Watch.BeforeItsName is not null))
            {
                // Before it has its name, so that nobody gets in between. The lock belongs to this description.
                reference = new InodeReference(inode.Backing.FileOf(inode, inode.Adopt(file), path));
                file = reference.File.Handle;
                if (making.Share is { } share)
                {
                    reference.Claim(share);
                }
            }

            making.Watch.BeforeItsName?.Invoke(reference);
            Name(file, working, directory, path);
            isNamed = true;
            SyncDirectory(directory, file, path);
            if (isLinked)
            {
                reference = LinuxOpening.DescribeLinked(inode, file, path, making.Binding);
                isOthers = making.Share is not null; // Who is in the way then was faster, and has it.
                Claim(reference, making.Share, path);
                CloseUnless(reference, file);
            }
            else if (reference is null && working is not null)
            {
                _ = Flock.TryUnlock(file); // Nobody takes it for a leftover any more.
            }

            return reference ?? LinuxOpening.DescribeByName(inode, file, path);
        }
        catch
        {
            if (isNamed && !isOthers)
            {
                RemoveIfSame(file, path);
            }

            if (reference is null)
            {
                InodeTable.Release(inode);
            }

            reference?.Dispose();
            throw;
        }
    }

    private static void Claim(InodeReference reference, FileShare? share, string path)
    {
        if (share is { } wanted)
        {
            reference.Claim(wanted);
            if (!LinuxOpening.HasTheName(reference, path))
            {
                throw LinuxOpening.Replaced(path); // By who had the lock before.
            }
        }
        else
        {
            _ = Flock.TryUnlock(reference.File.Handle); // Of the description that it was made with; another one has none.
        }
    }

    private static void CloseUnless(InodeReference reference, SafeFileHandle file)
    {
        if (!ReferenceEquals(reference.File.Handle, file))
        {
            file.Dispose();
        }
    }

    private static void Name(SafeFileHandle file, WorkingFile? working, SafeFileHandle directory, string path)
    {
        string name = System.IO.Path.GetFileName(path);
        if (working is not null)
        {
            working.Name(name, path);
        }
        else if (Link.Try(file, directory, name) is not 0 and int errno)
        {
            throw Errno.ToException(errno, "linkat", path);
        }
    }

    private static void Fill(SafeFileHandle file, long length, string path, CreationWatch watch)
    {
        KeepBlocksInPlace(file, path);
        Allocate(file, length, path);
        WriteZeros(file, length, path, watch);
        Sync(file, path);
        watch.ThrowIfCancelled();
    }

    /// <summary>
    /// On btrfs a file stays put only with an attribute that it must get while it is empty. (It has no checksums then,
    /// and is not compressed.)
    /// </summary>
    private static void KeepBlocksInPlace(SafeFileHandle file, string path)
    {
        if (Statfs.Of(file, path).Type != KnownFileSystems.BTRFS_SUPER_MAGIC)
        {
            return;
        }

        int errno = InodeFlags.TryGet(file, out InodeFlags.Flags flags);
        if (errno == 0 && flags.HasFlag(InodeFlags.Flags.FS_COMPR_FL))
        {
            // Inherited from the folder. One call for both is refused (EINVAL).
            errno = InodeFlags.TrySet(file, flags &= ~InodeFlags.Flags.FS_COMPR_FL);
        }

        if (errno == 0)
        {
            errno = InodeFlags.TrySet(file, flags | InodeFlags.Flags.FS_NOCOW_FL);
        }

        if (errno != 0)
        {
            throw Errno.ToException(errno, "ioctl FS_IOC_SETFLAGS (NOCOW)", path);
        }
    }

    /// <summary>Reserves the blocks first, so that a full device says so before anything is written.</summary>
    private static void Allocate(SafeFileHandle file, long length, string path)
    {
        FileRange range = new(0, length);
        int errno = Fallocate.Try(file, Fallocate.FallocateMode.Allocate, range);
        if (errno is not (0 or Errno.EOPNOTSUPP or Errno.ENOSYS))
        {
            throw Errno.ToException(errno, "fallocate", path, range);
        }
    }

    /// <summary>
    /// Turns unwritten extents into written ones: only data does that, the kernel's FALLOC_FL_WRITE_ZEROES is refused by most devices.
    /// </summary>
    private static void WriteZeros(SafeFileHandle file, long length, string path, CreationWatch watch)
    {
        byte[] zeros = new byte[PieceSizeOf(file, path)];
        long begun = 0;
        for (long offset = 0; offset < length;)
        {
            watch.ThrowIfCancelled();
            for (long end = Math.Min(offset + ChunkSize, length); offset < end;)
            {
                int count = (int)Math.Min(zeros.Length, end - offset);
                int errno = PositionedIO.TryWrite(file, zeros.AsSpan(0, count), offset, out _);
                if (errno != 0)
                {
                    throw Errno.ToException(errno, "write", path, new FileRange(offset, count));
                }

                offset += count;
            }

            if (offset - begun >= WritebackSize)
            {
                // The device is at work meanwhile. What it says to that, fsync tells.
                _ = SyncFileRange.TryBegin(file, new FileRange(begun, offset - begun));
                begun = offset;
            }

            watch.Report(offset);
        }
    }

    /// <summary>
    /// A page, where bytes become durable through the page cache. The kernel makes a folio as large as the write is. It stays in the cache
    /// when it is written back, and then a store to one byte of it, made durable, writes all of it: see <see cref="Mapping.LargeFolios"/>.
    /// What a page costs the kernel, some 3 us, is the price, and as long as the device is slower nobody waits for it. Larger writes and
    /// POSIX_FADV_DONTNEED would leave no large folios either, and nothing in the cache: the first store to each page would read it from
    /// the device. Page faults of stores in place of writes take twice as long.
    /// </summary>
    private static int PieceSizeOf(SafeFileHandle file, string path) =>
        KnownFileSystems.Of(file, path).IsVolatile || Statx.Of(file, path).IsDax ? ChunkSize : Environment.SystemPageSize;

    private static void Sync(SafeFileHandle file, string path)
    {
        int errno = Fsync.Try(file);
        if (errno != 0)
        {
            throw Errno.ToException(errno, "fsync", path);
        }
    }

    /// <summary>One that may be written and not read (mode 1733) can be named only.</summary>
    private static SafeFileHandle OpenDirectory(string folder, string path)
    {
        try
        {
            return OpenFile.Open(folder, OpenFile.OpenFlags.O_RDONLY, path);
        }
        catch (UnauthorizedAccessException exception) when (exception.HResult == Errno.EACCES)
        {
            return OpenFile.Open(folder, OpenFile.OpenFlags.O_PATH, path);
        }
    }

    private static void SyncDirectory(SafeFileHandle directory, SafeFileHandle file, string path)
    {
        int errno = Fsync.Try(directory);
        if (errno == Errno.EBADF)
        {
            errno = Syncfs.Try(file); // Named only: all of the file system, then.
        }

        if (errno is not (0 or Errno.EINVAL)) // EINVAL: the file system has nothing to sync for a directory.
        {
            throw Errno.ToException(errno, "fsync of the directory", path);
        }
    }

    /// <summary>Removes the name only while it still is the file that was made here: somebody may have replaced it.</summary>
    private static void RemoveIfSame(SafeFileHandle file, string path)
    {
        try
        {
            using SafeFileHandle named = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH, path);
            if (Statx.Of(named, path).Id == Statx.Of(file, path).Id)
            {
                _ = Unlink.Try(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // The name is gone or unreadable; the failure that led here is the one to report.
        }
    }

    /// <summary>Under what it is made, who may open it then, and who is told.</summary>
    private readonly record struct Making(FileBinding Binding, FileShare? Share, CreationWatch Watch);
}
