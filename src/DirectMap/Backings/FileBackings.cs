using DirectMap.Inodes;

namespace DirectMap.Backings;

/// <summary>Which backing a kind means on this system.</summary>
internal static class FileBackings
{
    /// <exception cref="PlatformNotSupportedException">It is not to be had on this system.</exception>
    internal static FileBacking Of(FileBackingKind kind) => kind switch
    {
        FileBackingKind.Portable => PortableBacking.Instance,
        _ when OperatingSystem.IsLinux() => LinuxBacking.Instance,
        FileBackingKind.Linux =>
            throw new PlatformNotSupportedException("The Linux backing needs Linux; FileBackingKind.Portable works here."),
        _ => PortableBacking.Instance,
    };
}
