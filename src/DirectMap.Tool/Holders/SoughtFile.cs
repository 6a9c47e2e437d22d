using System.Globalization;
using DirectMap.Linux;
using DirectMap.Tool.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Tool.Holders;

/// <summary>
/// The file whose holders are looked for. It is opened with O_PATH, which breaks no kernel lease and needs no permission to read; and as
/// long as it is open nobody else gets its inode number.
/// </summary>
internal sealed class SoughtFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private SoughtFile(string path, SafeFileHandle handle)
    {
        _handle = handle;
        Path = path;
        string own = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{OwnDescriptor}");
        (Numbers, Length) = PathStatus.Of(own, path);
        KernelNumbers = KernelNumbersOf(Numbers);
    }

    /// <summary>As it was given.</summary>
    internal string Path { get; }

    /// <summary>In bytes.</summary>
    internal long Length { get; }

    /// <summary>What stat says, which is what identifies a file.</summary>
    internal InodeNumbers Numbers { get; }

    /// <summary>
    /// What /proc/PID/maps and /proc/locks say. They have the file system's device, where stat has the subvolume's on btrfs, and the
    /// layer's on some overlayfs.
    /// </summary>
    internal InodeNumbers KernelNumbers { get; }

    /// <summary>
    /// Whether no other file has the same <see cref="KernelNumbers"/>. Files in two subvolumes of btrfs may have one inode number.
    /// </summary>
    internal bool AreKernelNumbersUnique => Numbers == KernelNumbers;

    /// <summary>This process's own descriptor, which is no holder's.</summary>
    internal long OwnDescriptor => _handle.DangerousGetHandle();

    /// <exception cref="IOException">There is no such file; others as from <see cref="DirectFile.Open"/>.</exception>
    internal static SoughtFile Open(string path)
    {
        SafeFileHandle handle = OpenFile.Open(path, OpenFile.OpenFlags.O_PATH, path);
        try
        {
            return new SoughtFile(path, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>The mount's device is the file system's, and the descriptor's inode number is the kernel's own.</summary>
    private InodeNumbers KernelNumbersOf(InodeNumbers numbers)
    {
        DescriptorInfo info = DescriptorInfo.Parse(
            File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fdinfo/{OwnDescriptor}")));
        foreach (string line in File.ReadLines("/proc/self/mountinfo"))
        {
            // 36 35 98:0 /root /mount/point ...: the mount, its parent, the device.
            string[] parts = line.Split(' ', 4);
            string[] device = parts[2].Split(':');
            if (parts[0] == info.Mount
                && uint.TryParse(device[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint major)
                && uint.TryParse(device[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint minor))
            {
                return new InodeNumbers(major, minor, info.Inode ?? numbers.Inode);
            }
        }

        return numbers; // It was reached through another mount namespace, whose mounts are not listed here.
    }
}
