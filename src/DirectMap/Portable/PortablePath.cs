using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DirectMap.Portable;

/// <summary>
/// Tells files apart by what .NET offers everywhere: their path without symbolic links. Hard links of one file count as several, and whatever gets the name of a file that is still open counts as that file.
/// </summary>
internal static class PortablePath
{
    private const int MaxLinks = 40; // as Linux does

    /// <summary>The device number of all files that are known by their paths: no device of Linux has it.</summary>
    private const ulong NoDevice = ulong.MaxValue;

    /// <summary>The identity of whatever has a path now.</summary>
    internal static FileId IdentityOf(string fullPath)
    {
        string resolved = Resolve(fullPath);
        if (OperatingSystem.IsWindows() || OperatingSystem.IsMacOS())
        {
            resolved = resolved.ToUpperInvariant(); // Where names differ by case only after all, two files share their leases, which is safe.
        }

        ReadOnlySpan<byte> hash = SHA256.HashData(Encoding.UTF8.GetBytes(resolved));
        return new FileId(NoDevice, BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadInt64LittleEndian(hash[8..]));
    }

    /// <summary>The path without symbolic links; parts that do not exist stay as they are.</summary>
    /// <exception cref="IOException">There are too many links, or they go in circles (ELOOP).</exception>
    internal static string Resolve(string fullPath)
    {
        string resolved = Path.GetPathRoot(fullPath)!;
        Stack<string> rest = new(Parts(fullPath));
        for (int links = 0; rest.TryPop(out string? part);)
        {
            string next = Path.Combine(resolved, part);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                throw new IOException($"'{fullPath}' leads through more than {MaxLinks} symbolic links (ELOOP)") { HResult = Linux.Errno.ELOOP };
            }

            string leads = Path.GetFullPath(target, resolved);
            resolved = Path.GetPathRoot(leads)!;
            foreach (string more in Parts(leads))
            {
                rest.Push(more);
            }
        }

        return resolved;
    }

    /// <summary>The names in a path, last one first.</summary>
    private static IEnumerable<string> Parts(string fullPath) =>
        fullPath[Path.GetPathRoot(fullPath)!.Length..].Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar], StringSplitOptions.RemoveEmptyEntries).Reverse();
}
