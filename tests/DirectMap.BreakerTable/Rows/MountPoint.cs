namespace DirectMap.BreakerTable.Rows;

/// <summary>What is mounted where.</summary>
/// <param name="Path">Where.</param>
/// <param name="Type">The file system, as the kernel calls it.</param>
/// <param name="Options">The file system's own options.</param>
internal sealed record MountPoint(string Path, string Type, string[] Options)
{
    /// <summary>The last one that lies over a path.</summary>
    internal static MountPoint Of(string path)
    {
        MountPoint found = new("", "unknown", []);
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            // ID, parent, device, root, mount point, options, optional fields, "-", type, source, the file system's options
            string[] words = line.Split(' ');
            string mount = words[4];
            bool isOver = mount == "/" || path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal);
            if (isOver && mount.Length >= found.Path.Length)
            {
                int end = Array.IndexOf(words, "-");
                found = new MountPoint(mount, words[end + 1], words[^1].Split(','));
            }
        }

        return found;
    }

    /// <summary>Where overlayfs keeps a file; null where that cannot be reached from here.</summary>
    internal string? UpperFile(string path)
    {
        const string Upper = "upperdir=";
        string? layer = Array.Find(Options, option => option.StartsWith(Upper, StringComparison.Ordinal))?[Upper.Length..];
        string? file = layer is null ? null : System.IO.Path.Join(layer, System.IO.Path.GetRelativePath(Path, path));
        return File.Exists(file) ? file : null;
    }
}
