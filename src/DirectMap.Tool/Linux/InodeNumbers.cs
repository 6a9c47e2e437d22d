using System.Globalization;

namespace DirectMap.Tool.Linux;

/// <summary>A device's number and an inode's, which together name a file.</summary>
internal readonly record struct InodeNumbers(uint Major, uint Minor, ulong Inode)
{
    /// <summary>As /proc/locks has it: 08:01:4711, the device in hexadecimal digits.</summary>
    /// <returns>False for what is none, such as &lt;none&gt;:0.</returns>
    internal static bool TryParse(ReadOnlySpan<char> device, ReadOnlySpan<char> inode, out InodeNumbers numbers)
    {
        numbers = default;
        int colon = device.IndexOf(':');
        if (colon < 0
            || !uint.TryParse(device[..colon], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint major)
            || !uint.TryParse(device[(colon + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint minor)
            || !ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
        {
            return false;
        }

        numbers = new InodeNumbers(major, minor, number);
        return true;
    }
}
