using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Inodes;

/// <summary>Every inode that the process has open through the library, found by identity and never by path.</summary>
internal static class InodeTable
{
    private const int MaxAttempts = 16;

    private static readonly Lock s_gate = new();
    private static readonly Dictionary<FileId, Inode> s_inodes = [];

    /// <summary>What is not open any more, but failed to be written back, and nobody has acknowledged it: whoever opens it next is told.</summary>
    private static readonly Dictionary<FileId, SyncLedger> s_failed = [];

    /// <summary>How many inodes are open; for the tests.</summary>
    internal static int Count
    {
        get
        {
            lock (s_gate)
            {
                return s_inodes.Count;
            }
        }
    }

    /// <summary>Opens a regular file, or finds that it is open.</summary>
    /// <exception cref="UnauthorizedAccessException">It is a directory, or the caller may not open it so.</exception>
    /// <exception cref="NotSupportedException">It is neither a regular file nor a directory.</exception>
    /// <exception cref="InvalidOperationException">The inode is bound to another coordinator.</exception>
    internal static InodeReference Open(string path, FileAccess access, FileBinding binding)
    {
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            // Opening for writing may itself change what the path leads to: overlayfs copies a lower layer's file up, which gives it another identity.
            if (TryOpen(path, access, binding) is { } reference)
            {
                return reference;
            }
        }

        throw new IOException($"'{path}' leads to another file each time it is opened.");
    }

    /// <summary>Null: the file that was opened is not the one that was looked at.</summary>
    private static InodeReference? TryOpen(string path, FileAccess access, FileBinding binding)
    {
        // O_PATH first: it opens nothing, so it breaks no kernel lease and hangs on no pipe, and what is reopened through it is the inode that was looked at.
        using SafeFileHandle pathHandle = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH, path);
        Statx.FileStatus status = Statx.Of(pathHandle, path);
        if (!status.IsRegularFile)
        {
            throw NotRegular(status, path);
        }

        Inode inode = AddReference(status.Id, binding, path);
        SafeFileHandle? file;
        try
        {
            file = inode.TryGetDescription(access, pathHandle, path);
        }
        catch
        {
            Release(inode);
            throw;
        }

        if (file is null)
        {
            Release(inode);
            return null;
        }

        return new InodeReference(inode, file);
    }

    /// <summary>Takes in a file that was just created with the given description.</summary>
    internal static InodeReference Adopt(SafeFileHandle readWrite, string path, FileBinding binding)
    {
        Inode inode = AddReference(Statx.Of(readWrite, path).Id, binding, path);
        return new InodeReference(inode, inode.Adopt(readWrite));
    }

    internal static bool TryAddReference(Inode inode)
    {
        lock (s_gate)
        {
            if (inode.References == 0)
            {
                return false;
            }

            inode.References++;
            return true;
        }
    }

    internal static void Release(Inode inode)
    {
        lock (s_gate)
        {
            if (--inode.References > 0)
            {
                return;
            }

            s_inodes.Remove(inode.Id);
            if (inode.Syncs.HasFailed)
            {
                s_failed.Add(inode.Id, inode.Syncs);
            }
        }

        inode.Close(); // Outside the gate: closing may have to wait for a server.
    }

    private static Inode AddReference(FileId id, FileBinding binding, string path)
    {
        lock (s_gate)
        {
            if (!s_inodes.TryGetValue(id, out Inode? inode))
            {
                inode = new Inode(id, binding, s_failed.Remove(id, out SyncLedger? failed) ? failed : new SyncLedger());
                s_inodes.Add(id, inode);
            }
            else if (!ReferenceEquals(inode.Coordinator, binding.Coordinator))
            {
                throw new InvalidOperationException(
                    $"'{path}' is open in this process under {inode.Binding.Source}, so it cannot be opened under {binding.Source} meanwhile: two lease coordinators on one file would arbitrate past each other.");
            }

            inode.References++;
            return inode;
        }
    }

    private static Exception NotRegular(Statx.FileStatus status, string path)
    {
        string message = $"'{path}' is {status.Kind}; only regular files can be mapped ";
        return status.Kind == "a directory"
            ? new UnauthorizedAccessException(message + "(EISDIR)") { HResult = Errno.EISDIR }
            : new NotSupportedException(message + "(EINVAL)") { HResult = Errno.EINVAL };
    }
}
