namespace DirectMap.FaultMatrix.Causes;

/// <summary>What happens to a file under its mapping, and what is promised then: a row of the table.</summary>
internal abstract class Cause(string name, string title)
{
    internal string Name => name;

    internal string Title => title;

    /// <summary>The file system it needs; null for the machine's temp folder.</summary>
    internal virtual Ground? Ground => null;

    /// <summary>Whether there is such an access under it.</summary>
    internal virtual bool HasCell(Access access, How how) => true;

    /// <summary>Direct mappings, ordinary ones, or both.</summary>
    internal virtual IReadOnlyList<bool> Kinds { get; } = [true, false];

    /// <summary>Makes the files.</summary>
    internal virtual void MakeFiles(IReadOnlyList<string> paths, Site site)
    {
        byte[] content = new byte[Subject.FileLength];
        Array.Fill(content, Subject.Content);
        foreach (string path in paths)
        {
            using FileStream file = File.Create(path);
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
    }

    /// <summary>Makes it happen, to all files.</summary>
    internal abstract void Strike(IReadOnlyList<Subject> subjects, Site site);
}

/// <summary>Where a cell has its files.</summary>
/// <param name="Folder">Its own.</param>
/// <param name="Device">What is below the file system; null where the cell does not need to know.</param>
internal sealed record Site(string Folder, string? Device);

/// <summary>A file system that the matrix makes.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Words">What the machine must have for it, as DIRECTMAP_TESTS_MUST_HAVE says it; the last one is
/// what making it shows.</param>
/// <param name="IsSpoiled">Whether the next cell needs a new one.</param>
internal sealed record Ground(string Name, string[] Words, bool IsSpoiled)
{
    internal static Ground Ext4 { get; } = new("ext4", ["loop", "ext4"], false);

    internal static Ground Xfs { get; } = new("xfs", ["loop", "xfs"], false);

    internal static Ground Tmpfs { get; } = new("tmpfs", ["tmpfs"], false);

    internal static Ground BtrfsNoCow { get; } = new("btrfs-nocow", ["loop", "btrfs"], true);

    /// <summary>As big as they come, and as their programs make them where nothing is said.</summary>
    internal static Ground LargeExt4 { get; } = new("large-ext4", ["loop", "ext4"], true);

    internal static Ground LargeXfs { get; } = new("large-xfs", ["loop", "xfs"], true);

    internal static Ground LargeTmpfs { get; } = new("large-tmpfs", ["tmpfs"], true);

    internal static Ground LargeBtrfs { get; } = new("large-btrfs", ["loop", "btrfs"], true);

    internal static Ground LargeBtrfsNoCow { get; } = new("large-btrfs-nocow", ["loop", "btrfs"], true);

    internal static Ground XfsToShutDown { get; } = new("xfs-to-shut-down", ["loop", "xfs"], true);

    internal static Ground Ext4OnImage { get; } = new("ext4-on-image", ["loop", "ext4"], true);

    internal static Ground Ext4OnMapper { get; } = new("ext4-on-mapper", ["loop", "ext4", "dm"], true);
}
