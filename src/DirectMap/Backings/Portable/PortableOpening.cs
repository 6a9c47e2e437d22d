using DirectMap.BlockMaps;
using DirectMap.Inodes;
using DirectMap.Linux;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// Opens and makes files with System.IO. Each opener has a description of its own, so that its bytes go to the file it opened, also where
/// two files are taken for one.
/// </summary>
internal static class PortableOpening
{
    private const FileShare Everybody = FileShare.ReadWrite | FileShare.Delete;
    private const int ChunkSize = 1 << 20;
    private const int MaxAttempts = 64;
    private const int COR_E_IO = unchecked((int)0x80131620);

    /// <summary>
    /// What a path leads to is looked up, and put there, by one at a time: so nobody takes a new file for the one that had its name before.
    /// </summary>
    private static readonly UninterruptedLock s_names = new();

    /// <summary>Every description, so that the other backing can ask whether it is of the file that it opens.</summary>
    private static readonly UninterruptedDictionary<InodeReference.CountedFile, Inode> s_open = new();

    internal static InodeReference Open(string path, FileAccess access, FileBinding binding, FileShare? share)
    {
        if (Directory.Exists(path))
        {
            throw new UnauthorizedAccessException($"'{path}' is a directory; only regular files can be mapped (EISDIR)")
            {
                HResult = Errno.EISDIR
            };
        }

        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, access, share ?? Everybody);
        try
        {
            long length = RandomAccess.GetLength(file);
            using (s_names.Enter())
            {
                return Reference(file, path, length, binding);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal static InodeReference Create(string path, long length, FileBinding binding, FileShare? share, CreationWatch watch)
    {
        string folder = Path.GetDirectoryName(path) ?? path;
        ThrowIfThere(path); // Better now than when everything is written.

        // Made under another name, so that it is whole when it is seen.
        RemoveLeftovers(folder);
        (string working, SafeFileHandle file) = OpenNew(folder, path, length, WhileItIsMade(share));
        InodeReference? inode = null;
        try
        {
            WriteZeros(file, new FileRange(0, length), watch);
            RandomAccess.FlushToDisk(file);
            watch.ThrowIfCancelled();
            using (s_names.Enter())
            {
                ThrowIfThere(path);

                // Nothing has the name, so what was known by it is gone, though it may be open.
                if (InodeTable.Find(PortablePath.IdentityOf(path)) is not null)
                {
                    PortablePath.Succeed(path);
                }

                // Known before it has its name, so that whoever opens it by that finds the same state, or is refused.
                inode = Reference(file, path, length, binding);
                try
                {
                    File.Move(working, path, overwrite: false);
                }
                catch (IOException) when (Path.Exists(path))
                {
                    throw Exists(path);
                }
            }

            if (LocksAreOff && OperatingSystem.IsLinux())
            {
                _ = Flock.TryUnlock(file); // Nobody takes it for a leftover any more.
            }

            if ((share is null || WhileItIsMade(share) == share))
            {
                return inode;
            }
        }
        catch
        {
            File.Delete(working);
            inode?.Dispose();
            file.Dispose();
            throw;
        }

        inode.Dispose(); // It would be in the way.
        return Open(path, FileAccess.ReadWrite, binding, share);
    }

    private static void ThrowIfThere(string path)
    {
        if (Path.Exists(path))
        {
            throw Exists(path);
        }
    }

    /// <summary>
    /// What it is opened with from the beginning, so that nobody gets in between its name and its lock. Windows renames only what may be
    /// deleted: there it is opened anew.
    /// </summary>
    private static FileShare WhileItIsMade(FileShare? share) => OperatingSystem.IsWindows() ? Everybody : share ?? Everybody;

    /// <summary>.NET's own switch: a FileShare takes no locks then, on Unix.</summary>
    private static bool LocksAreOff =>
        AppContext.TryGetSwitch("System.IO.DisableFileLocking", out bool isOff)
            ? isOff
            : Environment.GetEnvironmentVariable("DOTNET_SYSTEM_IO_DISABLEFILELOCKING") is { } value
                && (value == "1" || value.Equals("true", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Those of processes that ended while they made a file: whoever still makes one has it open, so nobody else can have it for
    /// himself (FileShare).
    /// </summary>
    private static void RemoveLeftovers(string folder)
    {
        if (OperatingSystem.IsLinux())
        {
            WorkingFile.RemoveLeftovers(folder); // It asks for the lock itself, whatever FileShare does.
            return;
        }

        if (LocksAreOff && !OperatingSystem.IsWindows())
        {
            return; // Nobody can tell.
        }

        foreach (string path in WorkingName.FindLeft(folder).Select(name => Path.Combine(folder, name))
            .Where(path => new FileInfo(path).LinkTarget is null))
        {
            try
            {
                using SafeFileHandle left = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
                File.Delete(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // In use, or somebody else's. Windows deletes nothing that is open, so there it stays.
            }
        }
    }

    /// <summary>
    /// On Unix the file is there a moment before it is locked. Who looks for leftovers in that moment takes it for one: then this opening
    /// fails, or has a file that lost its name, and another one is made.
    /// </summary>
    private static (string Working, SafeFileHandle File) OpenNew(string folder, string path, long length, FileShare share)
    {
        for (int attempt = 1; ; attempt++)
        {
            string working = Path.Combine(folder, WorkingName.New());
            try
            {
                SafeFileHandle file = OpenNamed(working, path, length, share);
                bool isTaken = LocksAreOff && OperatingSystem.IsLinux() && Flock.TryLock(file, exclusive: false) == Errno.EAGAIN;
                if ((!isTaken && File.Exists(working)) || attempt == MaxAttempts)
                {
                    return (working, file);
                }

                file.Dispose();
            }
            catch (IOException exception) when (exception.HResult == Errno.EAGAIN && attempt < MaxAttempts)
            {
                // Locked by who removes it.
            }
        }
    }

    private static SafeFileHandle OpenNamed(string working, string path, long length, FileShare share)
    {
        try
        {
            // The system may reserve the blocks, and says now if it cannot.
            return File.OpenHandle(working, FileMode.CreateNew, FileAccess.ReadWrite, share, preallocationSize: length);
        }
        catch (IOException exception) when (exception.HResult == COR_E_IO)
        {
            // All that preallocation reports.
            throw new IOException(
                $"creating '{path}', bytes {new FileRange(0, length)}: the disk is full, or files cannot be so long (ENOSPC)", exception)
            {
                HResult = Errno.ENOSPC
            };
        }
        catch (DirectoryNotFoundException exception)
        {
            // It names the working file.
            throw new DirectoryNotFoundException($"creating '{path}': its directory does not exist (ENOENT)", exception);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException { HResult: Errno.EROFS })
        {
            throw new UnauthorizedAccessException($"creating '{path}': its directory may not be written (EACCES, EROFS)", exception);
        }
    }

    private static IOException Exists(string path) => new($"creating '{path}': it exists already (EEXIST)") { HResult = Errno.EEXIST };

    internal static void WriteZeros(SafeFileHandle file, FileRange range, CreationWatch watch = default)
    {
        byte[] zeros = new byte[(int)Math.Min(range.Length, ChunkSize)];
        for (long done = 0; done < range.Length; done += zeros.Length)
        {
            watch.ThrowIfCancelled();
            int count = (int)Math.Min(zeros.Length, range.Length - done);
            RandomAccess.Write(file, zeros.AsSpan(0, count), range.Offset + done);
            watch.Report(done + count);
        }
    }

    /// <summary>
    /// The block map that is kept for an inode while the process has it open: everything that is there when it is first
    /// opened counts as written.
    /// </summary>
    internal static EmulatedBlockMap EmulatedMapOf(Inode inode, long length) =>
        inode.EmulatedMap(() => new EmulatedBlockMap(Blocks(new FileRange(0, length)).Length));

    /// <summary>The whole blocks (of a page) that hold some bytes.</summary>
    internal static FileRange Blocks(FileRange range) => range.Length == 0 ? range : Rounding.WholePages(range);

    /// <summary>What is open here of a file with a device and an inode number, whatever its path was. On Linux only.</summary>
    internal static Inode? Find(FileId id)
    {
        foreach ((InodeReference.CountedFile counted, Inode inode) in s_open)
        {
            if (!counted.TryAdd())
            {
                continue;
            }

            try
            {
                if (Statx.TryGet(counted.File, out Statx.FileStatus status) == 0 && status.Id == id)
                {
                    return inode;
                }
            }
            finally
            {
                counted.Release();
            }
        }

        return null;
    }

    /// <summary>What Linux calls a file; null elsewhere, or where there is no way to ask.</summary>
    private static FileId? SystemIdOf(SafeFileHandle file)
    {
        try
        {
            return OperatingSystem.IsLinux() && Statx.TryGet(file, out Statx.FileStatus status) == 0 ? status.Id : null;
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }

    private static InodeReference Reference(SafeFileHandle file, string path, long length, FileBinding binding)
    {
        InodeReference.CountedFile counted = new(file, static closed => s_open.TryRemove(closed, out _));
        Inode inode = InodeTable.AddReference(
            PortablePath.IdentityOf(path),
            PortableBacking.Instance,
            binding,
            path,
            findOther: () => InodeTable.Find(Statx.Of(file, path).Id),
            systemId: SystemIdOf(file),
            taken: inode => s_open.Set(counted, inode));
        _ = EmulatedMapOf(inode, length);
        return new InodeReference(inode.Backing.FileOf(inode, file, path), counted);
    }
}
