using DirectMap.Inodes;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>Finds an inode by its identity and never by path, and opens it without breaking anybody's kernel lease.</summary>
internal static class LinuxOpening
{
    private const int MaxAttempts = 16;

    /// <summary>Opens a regular file, or finds that it is open.</summary>
    /// <exception cref="UnauthorizedAccessException">It is a directory, or the caller may not open it so.</exception>
    /// <exception cref="NotSupportedException">It is neither a regular file nor a directory.</exception>
    /// <exception cref="InvalidOperationException">The inode is bound to another coordinator.</exception>
    internal static InodeReference Open(string path, FileAccess access, FileBinding binding)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // Opening for writing may itself change what the path leads to: overlayfs copies a lower layer's file up, which gives
            // it another identity.
            if (TryOpen(path, access, binding) is { } reference)
            {
                return reference;
            }
        }

        throw AlwaysAnother(path);
    }

    internal static IOException AlwaysAnother(string path) => new($"'{path}' leads to another file each time it is opened.");

    /// <summary>Whether a path still leads to what was opened by it.</summary>
    internal static bool HasTheName(InodeReference reference, string path)
    {
        try
        {
            using SafeFileHandle named = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH, path);
            return Statx.Of(named, path).Id == reference.Inode.Id && FileHandle.AreOfOneInode(reference.File.Handle, named) is not false;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Null: the file that was opened is not the one that was looked at.</summary>
    private static InodeReference? TryOpen(string path, FileAccess access, FileBinding binding)
    {
        // O_PATH first: it opens nothing, so it breaks no kernel lease and hangs on no pipe, and what is reopened through it is the
        // inode that was looked at.
        using SafeFileHandle pathHandle = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH, path);
        Statx.FileStatus status = Statx.Of(pathHandle, path);
        if (!status.IsRegularFile)
        {
            throw NotRegular(status, path);
        }

        Inode inode = AddReference(status.Id, binding, path, pathHandle);
        SafeFileHandle? file;
        try
        {
            file = inode.TryGetDescription(access, pathHandle, path, out bool wasOpen);
            if (wasOpen)
            {
                ThrowIfNotPermitted(pathHandle, status, access, path);
            }
        }
        catch
        {
            InodeTable.Release(inode);
            throw;
        }

        if (file is null)
        {
            InodeTable.Release(inode);
            return null;
        }

        return new InodeReference(inode.Backing.FileOf(inode, file, path));
    }

    /// <summary>Takes in a file that was just created with the given description.</summary>
    internal static InodeReference Adopt(SafeFileHandle readWrite, string path, FileBinding binding)
    {
        Inode inode = AddReference(Statx.Of(readWrite, path).Id, binding, path, readWrite);
        return new InodeReference(inode.Backing.FileOf(inode, inode.Adopt(readWrite), path));
    }

    /// <summary>
    /// A reference to an inode whose file has just got its name. It is opened by that if it can be: what was opened before would be shown
    /// as a deleted file for ever (/proc/self/maps, lsof).
    /// </summary>
    internal static InodeReference DescribeByName(Inode inode, SafeFileHandle unnamed, string path)
    {
        try
        {
            using SafeFileHandle pathHandle = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH, path);
            if (Statx.Of(pathHandle, path).Id == inode.Id
                && inode.TryGetDescription(FileAccess.ReadWrite, pathHandle, path, out _) is { } description)
            {
                unnamed.Dispose();
                return new InodeReference(inode.Backing.FileOf(inode, description, path));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Somebody has renamed or removed it, or there are no more descriptors.
        }

        return new InodeReference(inode.Backing.FileOf(inode, inode.Adopt(unnamed), path));
    }

    /// <summary>
    /// A reference to an inode whose file has just got its name by a hard link. The kernel may have another inode for that, with locks and
    /// pages of its own, so it is opened by it, unless the two are seen to be one.
    /// </summary>
    /// <exception cref="IOException">Somebody has put another file in its place, or it cannot be opened.</exception>
    internal static InodeReference DescribeLinked(Inode inode, SafeFileHandle file, string path, FileBinding binding)
    {
        using SafeFileHandle named = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH, path);
        Statx.FileStatus status = Statx.Of(named, path);
        if (status.Id == inode.Id && FileHandle.AreOfOneInode(file, named) is true)
        {
            return new InodeReference(inode.Backing.FileOf(inode, inode.Adopt(file), path));
        }

        if (status.Size != Statx.Of(file, path).Size)
        {
            throw Replaced(path);
        }

        _ = Flock.TryUnlock(file); // Where nobody says that it is one inode, its lock would be in the way.
        if (status.Id == inode.Id)
        {
            SafeFileHandle? description = inode.TryGetDescription(FileAccess.ReadWrite, named, path, out _);
            return new InodeReference(inode.Backing.FileOf(inode, description ?? throw Replaced(path), path));
        }

        // Here even the number is another one.
        InodeReference other = Open(path, FileAccess.ReadWrite, binding);
        InodeTable.Release(inode);
        return other;
    }

    internal static Inode AddReference(FileId id, FileBinding binding, string path, SafeFileHandle file) =>
        InodeTable.AddReference(id, LinuxBacking.Instance, binding, path, () => PortableOpening.Find(id), file);

    /// <summary>
    /// What the kernel would say if the file were opened, where it is open already. It is asked without opening: closing a descriptor gives
    /// up all record locks (fcntl F_SETLK) of the process on the file, and opening one breaks kernel leases. That a file is being executed
    /// (ETXTBSY) need not be asked: it cannot be while it is open for writing. Who judges openings only is not asked (landlock, AppArmor,
    /// FAN_OPEN_PERM, a server of FUSE): they would have to see one.
    /// </summary>
    private static void ThrowIfNotPermitted(SafeFileHandle pathHandle, in Statx.FileStatus status, FileAccess access, string path)
    {
        bool writing = access != FileAccess.Read;
        int errno = AccessPermission.Try(pathHandle, writing);
        if (errno == 0 && writing && status.Attributes.HasFlag(Statx.StatxAttributes.STATX_ATTR_APPEND))
        {
            errno = Errno.EPERM; // open(2) without O_APPEND; access(2) does not look at it.
        }

        if (errno != 0)
        {
            throw Errno.ToException(errno, "open", path);
        }
    }

    internal static IOException Replaced(string path) =>
        new($"creating '{path}': somebody has removed it, or put another file in its place, just when it had its name (ESTALE)")
        {
            HResult = Errno.ESTALE
        };

    private static Exception NotRegular(Statx.FileStatus status, string path)
    {
        string message = $"'{path}' is {status.Kind}; only regular files can be mapped ";
        return status.Kind == "a directory"
            ? new UnauthorizedAccessException(message + "(EISDIR)") { HResult = Errno.EISDIR }
            : new NotSupportedException(message + "(EINVAL)") { HResult = Errno.EINVAL };
    }
}
