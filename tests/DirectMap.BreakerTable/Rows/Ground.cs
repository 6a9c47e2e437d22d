namespace DirectMap.BreakerTable.Rows;

/// <summary>The file systems that the page has, by the names that it gives them.</summary>
internal static class Ground
{
    internal const string Overlay = "overlayfs";

    private static readonly Dictionary<string, string> s_titles = new() { ["xfs"] = "XFS", ["overlay"] = Overlay };

    /// <summary>In the order of the page.</summary>
    internal static IReadOnlyList<string> FileSystems { get; } = ["ext4", "XFS", "btrfs", "tmpfs", Overlay];

    internal static string TitleOf(MountPoint mount) => s_titles.GetValueOrDefault(mount.Type, mount.Type);
}
