using System.Globalization;

namespace DirectMap.Tool.Holders;

/// <summary>What /proc/PID/fdinfo says of a descriptor.</summary>
/// <param name="Access">What it permits.</param>
/// <param name="Mount">The number of the mount that it was opened through.</param>
/// <param name="Inode">The kernel's number of the inode; null before Linux 5.14.</param>
/// <param name="Locks">What is locked through it.</param>
internal sealed record DescriptorInfo(DescriptorAccess Access, string Mount, ulong? Inode, IReadOnlyList<FileLock> Locks)
{
    private const long O_ACCMODE = 3;
    private const long O_PATH = 0x200000;

    internal static DescriptorInfo Parse(string text)
    {
        DescriptorAccess access = DescriptorAccess.None;
        string mount = "";
        ulong? inode = null;
        List<FileLock> locks = [];
        foreach (string line in text.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            string value = line[(colon + 1)..].Trim();
            switch (colon < 0 ? "" : line[..colon])
            {
                case "flags":
                    access = AccessOf(Convert.ToInt64(value, 8));
                    break;
                case "mnt_id":
                    mount = value;
                    break;
                case "ino" when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number):
                    inode = number;
                    break;
                case "lock" when FileLock.TryParse(value, out FileLock? found, out _, out _):
                    locks.Add(found);
                    break;
            }
        }

        return new DescriptorInfo(access, mount, inode, locks);
    }

    private static DescriptorAccess AccessOf(long flags) => (flags & O_PATH) != 0 ? DescriptorAccess.Path : (flags & O_ACCMODE) switch
    {
        0 => DescriptorAccess.Read,
        1 => DescriptorAccess.Write,
        2 => DescriptorAccess.ReadWrite,
        _ => DescriptorAccess.None,
    };
}
