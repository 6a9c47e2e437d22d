using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// A file that is made under another name beside its own, where the file system cannot make one without a name. Whoever makes it has a
/// lock on it (flock), which the kernel takes back however the process ends: so what is left of dead processes is known by its lock being
/// free, and never by its age. Invariants:
/// <list type="number">
/// <item>A file of such a name is removed only by who holds its lock, and looks after that whether it still has the name. So it is made,
/// too: one that lost its name before it had its lock is made anew.</item>
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
    internal static WorkingFile Create(SafeFileHandle directory, string folder, string path)
    {
        RemoveLeftovers(folder);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            string name = WorkingName.New();
            SafeFileHandle file = OpenFile.Open(
                Path.Combine(folder, name), OpenFile.OpenFlags.O_CREAT | OpenFile.OpenFlags.O_EXCL | OpenFile.OpenFlags.O_RDWR, path);

            // Where there are no locks nobody gets this one, so nobody removes it.
            if (Flock.TryLock(file, exclusive: true) != Errno.EAGAIN && IsNamed(file, Path.Combine(folder, name)))
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
    /// <returns>0, or the error number: EEXIST where there is.</returns>
    internal int TryName(string name)
    {
        int errno = TryRename(name);
        errno = errno is Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP ? TryLink(name) : errno;
        return errno is Errno.EPERM or Errno.ENOSYS or Errno.EOPNOTSUPP ? TryReplaceEmpty(name) : errno;
    }

    /// <summary>In one step.</summary>
    internal int TryRename(string name) => Rename.Try(_directory, _name, name, replaces: false);

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

    /// <summary>Where there is neither, as over some FUSE servers: an empty file keeps the place, and is replaced. What a process leaves
    /// that ends in between has no byte that could be mapped.</summary>
    internal int TryReplaceEmpty(string name)
    {
        string path = Path.Combine(_folder, name);
        try
        {
            OpenFile.Open(path, OpenFile.OpenFlags.O_CREAT | OpenFile.OpenFlags.O_EXCL | OpenFile.OpenFlags.O_RDWR, path).Dispose();
        }
        catch (Exception exception) when (exception.HResult > 0)
        {
            return exception.HResult;
        }

        int errno = Rename.Try(_directory, _name, name, replaces: true);
        if (errno != 0)
        {
            _ = Unlink.Try(path);
        }

        return errno;
    }

    /// <summary>Nothing came of it.</summary>
    internal void Remove() => _ = Unlink.Try(Path.Combine(_folder, _name));

    private static void RemoveLeftovers(string folder)
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
