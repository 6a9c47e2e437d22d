using System.Globalization;

namespace DirectMap.Linux;

/// <summary>Settings under /proc/sys.</summary>
internal static class ProcSys
{
    /// <summary>A number, or the default where the file is absent or unreadable (a container without it).</summary>
    internal static long ReadNumber(string path, long defaultValue)
    {
        try
        {
            return long.TryParse(
                File.ReadAllText(path),
                NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                CultureInfo.InvariantCulture,
                out long value)
                ? value
                : defaultValue;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return defaultValue;
        }
    }
}
