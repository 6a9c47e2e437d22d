using System.Text.RegularExpressions;

namespace DirectMap.Tool;

/// <summary>The name of the error number behind an exception.</summary>
internal static partial class ErrnoName
{
    /// <returns>The name; null where there is none.</returns>
    internal static string? Of(Exception exception)
    {
        // The library's messages say it; the platform's carry the number at best.
        string said = Said().Match(exception.Message).Groups[1].Value;
        return said.Length > 0 ? said : exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => "ENOENT",
            PathTooLongException => "ENAMETOOLONG",
            UnauthorizedAccessException => "EACCES",
            OutOfMemoryException => "ENOMEM",
            _ => OfNumber(exception.HResult),
        };
    }

    private static string? OfNumber(int errno) => errno switch
    {
        1 => "EPERM",
        5 => "EIO",
        9 => "EBADF",
        11 => "EAGAIN",
        16 => "EBUSY",
        17 => "EEXIST",
        22 => "EINVAL",
        24 => "EMFILE",
        26 => "ETXTBSY",
        27 => "EFBIG",
        28 => "ENOSPC",
        30 => "EROFS",
        122 => "EDQUOT",
        _ => null,
    };

    [GeneratedRegex(@"\((E[A-Z0-9]+)\)")]
    private static partial Regex Said();
}
