using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using DirectMap.Threading;

namespace DirectMap.Backings;

/// <summary>
/// Tells files apart by what .NET offers everywhere: their path without symbolic links. Hard links of one file count as several, and what
/// others put in the place of a file that is still open counts as that file.
/// </summary>
internal static class PortablePath
{
    private const int MaxLinks = 40; // as Linux does

    /// <summary>The device number of all files that are known by their paths: no device of Linux has it.</summary>
    private const ulong NoDevice = ulong.MaxValue;

    /// <summary>How many files of the process's own making have had a path while another one that had it before was still open.</summary>
    private static readonly ConcurrentDictionary<string, int> s_successors = new();

    /// <summary>The identity of whatever has a path now.</summary>
    internal static FileId IdentityOf(string fullPath)
    {
        string resolved = Name(fullPath);
        return IdentityOf(resolved, s_successors.GetValueOrDefault(resolved));
    }

    /// <summary>What had the path is gone, though it may be open still: the file that has been made there is another one.</summary>
    internal static void Succeed(string fullPath) =>
        Uninterrupted.Run(Name(fullPath), static name => s_successors.AddOrUpdate(name, 1, static (_, count) => count + 1));

    private static string Name(string fullPath)
    {
        string resolved = Resolve(fullPath);

        // Where names differ by case only after all, two files share their leases, which is safe.
        return OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? resolved.ToUpperInvariant() : resolved;
    }

    private static FileId IdentityOf(string resolved, int successor)
    {
        ReadOnlySpan<byte> hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{successor}:{resolved}"));
        return new FileId(NoDevice, BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadInt64LittleEndian(hash[8..]));
    }

    /// <summary>The path without symbolic links; parts that do not exist stay as they are.</summary>
    /// <exception cref="IOException">There are too many links, or they go in circles (ELOOP).</exception>
    internal static string Resolve(string fullPath) => Resolve(fullPath, Link, mayLackFolders: true);

    /// <summary>Where the system would make a file that a path leads to: at the end of its symbolic links.</summary>
    /// <exception cref="IOException">There are too many links, or they go in circles (ELOOP).</exception>
    /// <exception cref="DirectoryNotFoundException">They lead back (..) out of a folder that is not there (ENOENT).</exception>
    /// <exception cref="UnauthorizedAccessException">A link is one that must not be followed (EACCES), or may not be looked at; or the last
    /// one ends with a separator, so only a folder could be there (EISDIR).</exception>
    internal static string PlaceOf(string fullPath)
    {
        Func<string, bool, string?> linkAt = OperatingSystem.IsLinux() ? LinuxLink.TargetOf : Link;

        // Others may have changed since then what was there: then the creation finds something of that name, or no folder.
        return linkAt(fullPath, true) is null ? fullPath : Resolve(fullPath, linkAt, mayLackFolders: false);
    }

    private static string? Link(string path, bool isLast) => new FileInfo(path).LinkTarget;

    /// <param name="fullPath">Which.</param>
    /// <param name="linkAt">What the link at a path says, null where there is none; and whether nothing comes after it in the path.</param>
    /// <param name="mayLackFolders">Whether a folder that is not there has one above it.</param>
    private static string Resolve(string fullPath, Func<string, bool, string?> linkAt, bool mayLackFolders)
    {
        string resolved = Path.GetPathRoot(fullPath)!;
        Stack<string> rest = new(Parts(fullPath));
        bool isFolder = false;
        for (int links = 0; rest.TryPop(out string? part);)
        {
            if (part is "." or "..")
            {
                if (!mayLackFolders && !Directory.Exists(resolved))
                {
                    throw new DirectoryNotFoundException($"'{fullPath}' leads through '{resolved}', which is no folder (ENOENT)")
                    {
                        HResult = Linux.Errno.ENOENT
                    };
                }

                // of where a link has led, as the system sees it
                resolved = part == "." ? resolved : Path.GetDirectoryName(resolved) ?? resolved;
                continue;
            }

            string next = Path.Combine(resolved, part);
            if (linkAt(next, rest.Count == 0) is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"'{fullPath}' leads through more than {MaxLinks} symbolic links (ELOOP)")
                {
                    HResult = Linux.Errno.ELOOP
                };
            }

            if (Path.IsPathRooted(target))
            {
                resolved = Path.GetPathRoot(Path.GetFullPath(target))!;
            }

            isFolder |= rest.Count == 0 && Path.EndsInDirectorySeparator(target);
            foreach (string more in Parts(target))
            {
                rest.Push(more);
            }
        }

        return isFolder && !mayLackFolders ? throw NoPlaceForFile(fullPath, resolved) : resolved;
    }

    /// <summary>As the system says it.</summary>
    private static Exception NoPlaceForFile(string fullPath, string resolved) => Directory.Exists(Path.GetDirectoryName(resolved))
        ? new UnauthorizedAccessException($"'{fullPath}' leads to '{resolved}' as to a folder: no file is made there (EISDIR)")
        {
            HResult = Linux.Errno.EISDIR
        }
        : new DirectoryNotFoundException($"'{fullPath}' leads to '{resolved}', whose folder is not there (ENOENT)")
        {
            HResult = Linux.Errno.ENOENT
        };

    /// <summary>The names in a path, last one first.</summary>
    private static IEnumerable<string> Parts(string path) =>
        path[Path.GetPathRoot(path)!.Length..].Split(
            [Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Reverse();
}
