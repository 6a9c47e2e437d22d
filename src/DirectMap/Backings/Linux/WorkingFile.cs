using System.Diagnostics;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// A file that is made under another name beside its own, where the file system cannot make one without a name. Whoever makes it has a
/// lock on it (flock), which the kernel takes back however the process ends: so what is left of dead processes is known by its lock being
/// free, and never by its age. Invariants:
/// <list type="number">
/// <item>A file of such a name is removed only by who sees no process of that name run, has its lock for himself, and looks after that
/// whether it still has the name. So it is made, too: one that lost its name before it had its lock is made anew.</item>
/// <item>Its own name it gets when it is whole, and never in the place of another file.</item>
/// </list>
/// </summary>
internal sealed class WorkingFile
{
    private const int MaxAttempts = 16;

    private readonly SafeFileHandle _directory;
    private readonly string _name;

    private WorkingFile(SafeFileHandle directory, string name, SafeFileHandle file)
    {
        _directory = directory;
        File = file;

        // Tried with a name that nobody has, and no other effect.
        string other = WorkingName.New();
        int errno = Rename.Try(directory, name, other);
        _name = errno == 0 ? other : name;
        IsRenamed = errno is not (Errno.EINVAL or Errno.ENOSYS or Errno.EOPNOTSUPP);
    }

    /// <summary>Open for reading and writing, and locked where the file system has locks.</summary>
    internal SafeFileHandle File { get; }

    /// <summary>
    /// Whether it gets its own name by a rename, and so stays the inode that it is. With a hard link that may be another one of the
    /// kernel's: FUSE has an inode for each path, with pages and locks of its own.
    /// </summary>
    internal bool IsRenamed { get; }

    /// <summary>Whether somebody else has removed it before it had its own name.</summary>
    internal bool IsLost => !IsNamed(_directory, File, _name);

    /// <summary>Makes an empty one, and removes those of dead processes.</summary>
    /// <param name="directory">The directory, whose path is <paramref name="folder"/>.</param>
    /// <param name="folder">Its path.</param>
    /// <param name="path">The file that is to be made, for messages.</param>
    /// <param name="isExclusive">Whether nobody else may lock it. If not, those may who share it; who removes leftovers may not.</param>
    internal static WorkingFile Create(SafeFileHandle directory, string folder, string path, bool isExclusive = false)
    {
        RemoveLeftovers(directory, folder);
        for (int attempt = 0; attempt < MaxAttempts; attempt++)
        {
            string name = WorkingName.New();
            SafeFileHandle file = OpenFile.OpenIn(
                directory, name, OpenFile.OpenFlags.O_CREAT | OpenFile.OpenFlags.O_EXCL | OpenFile.OpenFlags.O_RDWR, path);

            // Where there are no locks nobody gets this one, so nobody removes it.
            if (Flock.TryLock(file, isExclusive) != Errno.EAGAIN && IsNamed(directory, file, name))
            {
                return new WorkingFile(directory, name, file);
            }

            file.Dispose(); // Somebody took it for a leftover, in the moment before it was locked.
        }

        throw Lost(path);
    }

    /// <summary>Somebody has removed it before it had its own name.</summary>
    internal static IOException Lost(string path, Exception? inner = null) =>
        new(
            $"creating '{path}': somebody removes the files that are made for it ({WorkingName.Pattern}) in its directory, perhaps another "
                + "machine, container or mount, where the locks of this one are not seen (ENOENT)",
            inner)
        {
            HResult = Errno.ENOENT
        };

    /// <summary>Gives the file its own name, unless there is something of that name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="path">Its path, for messages.</param>
    /// <exception cref="IOException">There is (EEXIST), or the file system has neither way to find out in the same step.</exception>
    internal void Name(string name, string path)
    {
        if (IsRenamed)
        {
            ThrowIfNotNamed(TryRename(name), "renameat2", path);
            return;
        }

        int errno = TryLink(name);
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
    internal int TryRename(string name)
    {
        AssertIsOwn(name);
        return Rename.Try(_directory, _name, name);
    }

    /// <summary>In two steps, between which the file has two names (NFS).</summary>
    internal int TryLink(string name)
    {
        AssertIsOwn(name);
        int errno = Link.Try(_directory, _name, name);
        if (errno == 0)
        {
            Remove();
        }

        return errno;
    }

    /// <summary>Nothing came of it.</summary>
    internal void Remove() => Remove(_directory, _name);

    private static void Remove(SafeFileHandle directory, string name)
    {
        Debug.Assert(WorkingName.IsOne(name), "1: a file is removed that nobody makes under another name");
        _ = Unlink.Try(directory, name);
    }

    [Conditional("DEBUG")]
    private static void AssertIsOwn(string name) => Debug.Assert(!WorkingName.IsOne(name), "2: it gets a name that is not its own");

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
        if (WorkingName.FindLeft(folder) is not { Count: > 0 } names)
        {
            return;
        }

        try
        {
            using SafeFileHandle directory = OpenFile.Open(folder, OpenFile.OpenFlags.O_PATH, folder);
            RemoveLeft(directory, names);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // To make a file is what was asked for.
        }
    }

    private static void RemoveLeftovers(SafeFileHandle directory, string folder) => RemoveLeft(directory, WorkingName.FindLeft(folder));

    private static void RemoveLeft(SafeFileHandle directory, IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            RemoveIfLeft(directory, name);
        }
    }

    private static void RemoveIfLeft(SafeFileHandle directory, string name)
    {
        try
        {
            using SafeFileHandle named = OpenFile.OpenIn(directory, name, OpenFile.OpenFlags.O_PATH | OpenFile.NoFollow, name);
            if (!Statx.Of(named, name).IsRegularFile)
            {
                return;
            }

            using SafeFileHandle file = OpenFile.Reopen(named, OpenFile.OpenFlags.O_RDWR, name); // NFS locks what is open for writing.
            if (Flock.TryLock(file, exclusive: true) == 0 && IsNamed(directory, file, name))
            {
                Remove(directory, name);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            // Somebody else's, or gone.
        }
    }

    private static bool IsNamed(SafeFileHandle directory, SafeFileHandle file, string name)
    {
        try
        {
            using SafeFileHandle named = OpenFile.OpenIn(directory, name, OpenFile.OpenFlags.O_PATH | OpenFile.NoFollow, name);
            return Statx.Of(named, name).Id == Statx.Of(file, name).Id;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
