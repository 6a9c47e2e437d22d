using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// Reads symbolic links for who follows them without the kernel, and so without what it does against links that others have planted
/// (fs.protected_symlinks).
/// </summary>
internal static class LinuxLink
{
    private const ushort S_ISVTX = 0x200;
    private const ushort S_IWOTH = 0x2;

    /// <summary>What the link at a path says; null where there is something else, or nothing.</summary>
    /// <param name="path">Where.</param>
    /// <param name="isLast">Whether nothing comes after it. In the midst of a path the kernel follows every link.</param>
    /// <exception cref="UnauthorizedAccessException">It is in a sticky folder that everybody may write, and belongs neither to the caller
    /// nor to the folder's owner, whatever the system's setting is; or its folder may not be searched (EACCES).</exception>
    internal static string? TargetOf(string path, bool isLast)
    {
        try
        {
            // The link that is looked at is the one that is read.
            using SafeFileHandle link = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH | OpenFile.NoFollow, path);
            Statx.FileStatus status = Statx.Of(link, path);
            if (!status.IsSymbolicLink)
            {
                return null;
            }

            if (isLast)
            {
                ThrowIfPlanted(status, path);
            }

            int errno = Readlink.Try(link, out string target);
            return errno == 0 ? target : throw Errno.ToException(errno, "readlinkat", path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static void ThrowIfPlanted(in Statx.FileStatus link, string path)
    {
        string folder = Path.GetDirectoryName(path) ?? "/";
        using SafeFileHandle directory = OpenFile.Open(folder, OpenFile.OpenFlags.O_PATH, path);
        Statx.FileStatus status = Statx.Of(directory, path);
        const ushort Shared = S_ISVTX | S_IWOTH;
        if ((status.Mode & Shared) == Shared && link.Uid != Geteuid.Get() && link.Uid != status.Uid)
        {
            throw new UnauthorizedAccessException(
                $"'{path}' is a symbolic link in a sticky folder that everybody may write, and belongs neither to the caller nor to the "
                    + "folder's owner: it is not followed (EACCES)")
            {
                HResult = Errno.EACCES
            };
        }
    }
}
