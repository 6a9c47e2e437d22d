using System.Globalization;
using DirectMap.Tool.Linux;

namespace DirectMap.Tool.Holders;

/// <summary>A line of /proc/PID/maps.</summary>
/// <param name="Start">The first address.</param>
/// <param name="End">The address after the last one.</param>
/// <param name="Permissions">As in "rw-s".</param>
/// <param name="Numbers">The file, as the kernel names it; inode 0 for memory without a file.</param>
/// <param name="Path">What the file is called now; empty for memory without a file.</param>
internal readonly record struct MapsLine(ulong Start, ulong End, string Permissions, InodeNumbers Numbers, string Path)
{
    /// <returns>Null for what is no such line.</returns>
    internal static MapsLine? Parse(string line)
    {
        // 7f10-7f20 rw-s 00000000 08:01 4711     /path with spaces
        string[] words = line.Split(' ', 6);
        if (words.Length < 5 || words[0].Split('-') is not [var start, var end] || words[1].Length < 4
            || !ulong.TryParse(start, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong first)
            || !ulong.TryParse(end, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong after)
            || !InodeNumbers.TryParse(words[3], words[4], out InodeNumbers numbers))
        {
            return null;
        }

        // Only a line break in a name is written otherwise.
        string path = words.Length < 6 ? "" : words[5].TrimStart(' ').Replace(@"\012", "\n", StringComparison.Ordinal);
        return new MapsLine(first, after, words[1], numbers, path);
    }
}
