using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// A file that is made under another name beside its own, where the file system cannot make one without a name. Whoever makes it has a
/// lock on it (flock), which the kernel takes back however the process ends: so what is left of dead processes is known by its lock being
/// free, and never by its age. Invariants:
/// <list type="number">
/// <item>A file of such a name is removed only by who has its lock for himself, and looks after that whether it still has the name. So it
/// is made, too: one that lost its name before it had its lock is made anew.</item>
/// <item>Its own name it gets when it is whole, and never in the place of another file.</item>
/// </list>
/// </summary>
internal sealed class WorkingFile
{
    private const int MaxAttempts = 16;

    private readonly SafeFileHandle _directory;
    private readonly string _folder;
    private readonly string _name;

    private WorkingFile(SafeFileHandle directory, string folder, string name, SafeFileHandle file)
    {
        _directory = directory;
        _folder = folder;
        _name = name;
        File = file;
    }

    /// <summary>Open for reading and writing, and locked where the file system has locks.</summary>
    internal SafeFileHandle File { get; }

    /// <summary>Makes an empty one, and removes those of dead processes.</summary>
    /// <param name="directory">The directory, whose path is <paramref name="folder"/>.</param>
    /// <param name="folder">Its path.</param>
    /// <param name="path">The file that is to be made, for messages.</param>
    /// <param name="isExclusive">Whether nobody else may lock it. If not, those may who share it; who removes leftovers may not.</param>
    internal static WorkingFile Create(SafeFileHandle directory, string folder, string path, bool isExclusive = false)
    {
        RemoveLeftovers(folder);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            string name = WorkingName.New();
            SafeFileHandle file = OpenFile.Open(
                Path.Combine(folder, name), OpenFile.OpenFlags.O_CREAT | OpenFile.OpenFlags.O_EXCL | OpenFile.OpenFlags.O_RDWR, path);

            // Where there are no locks nobody gets this one, so nobody removes it.
            if (Flock.TryLock(file, isExclusive) != Errno.EAGAIN && IsNamed(file, Path.Combine(folder, name)))
            {
                return new WorkingFile(directory, folder, name, file);
            }

            file.Dispose(); // Somebody took it for a leftover, in the moment before it was locked.
        }

        throw new IOException($"creating '{path}': somebody removes each file that is made for it in '{folder}' (ENOENT)")
        {
            HResult = Errno.ENOENT
        };
    }

    /// <summary>Gives the file its own name, unless there is something of that name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="IOException">There is (EEXIST), or the file system has neither way to find out in the same step.</exception>
    internal void Name(string name, string path)
    {
        int errno = TryRename(name);
        if (errno is not (Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP))
        {
            ThrowIfNotNamed(errno, "renameat2", path);
            return;
        }

        errno = TryLink(name);
        if (errno is Errno.EPERM or Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP)
        {
            throw NoWay(errno, path);
        }

        ThrowIfNotNamed(errno, "linkat", path);
    }

    /// <summary>To replace what has the name, were it an empty file that keeps the place, might replace what others put there.</summary>
    internal static IOException NoWay(int errno, string path) =>
        new($"creating '{path}': its file system has no way to give a file its name without replacing another (neither renameat2 with "
            + $"RENAME_NOREPLACE nor linkat: {Errno.NameOf(errno)}); "
            + "make the file by other means, open it, and prepare it (DirectFile.Prepare)")
        {
            HResult = errno
        };

    /// <summary>In one step.</summary>
    internal int TryRename(string name) => Rename.Try(_directory, _name, name);

    /// <summary>In two steps, between which the file has two names (NFS).</summary>
    internal int TryLink(string name)
    {
        int errno = Link.Try(_directory, _name, name);
        if (errno == 0)
        {
            Remove();
        }

        return errno;
    }

    /// <summary>Nothing came of it.</summary>
    internal void Remove() => _ = Unlink.Try(Path.Combine(_folder, _name));

    private static void ThrowIfNotNamed(int errno, string call, string path)
    {
        if (errno != 0)
        {
            throw Errno.ToException(errno, call, path);
        }
    }

    /// <summary>Removes those of dead processes, whichever backing made them.</summary>
    internal static void RemoveLeftovers(string folder)
    {
        foreach (string path in WorkingName.FindAll(folder))
        {
            RemoveIfLeft(path);
        }
    }

    private static void RemoveIfLeft(string path)
    {
        try
        {
            using SafeFileHandle named = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH | OpenFile.NoFollow, path);
            if (!Statx.Of(named, path).IsRegularFile)
            {
                return;
            }

            using SafeFileHandle file = OpenFile.Reopen(named, OpenFile.OpenFlags.O_RDWR, path); // NFS locks what is open for writing.
            if (Flock.TryLock(file, exclusive: true) == 0 && IsNamed(file, path))
            {
                _ = Unlink.Try(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Somebody else's, or gone.
        }
    }

    private static bool IsNamed(SafeFileHandle file, string path)
    {
        try
        {
            using SafeFileHandle named = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH | OpenFile.NoFollow, path);
            return Statx.Of(named, path).Id == Statx.Of(file, path).Id;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
