using System.Text.RegularExpressions;
using DirectMap.Linux;

namespace DirectMap.Tool.Terminal;

/// <summary>The name of the error number behind an exception.</summary>
internal static partial class ErrnoName
{
    private const int MaxErrno = 4095;

    /// <returns>The name; null where there is none.</returns>
    internal static string? Of(Exception exception)
    {
        // The library's messages say it, at their end; the platform's carry the number at best.
        Match said = Said().Match(exception.Message);
        if (said.Success)
        {
            return int.TryParse(said.Groups["number"].ValueSpan, out int number) ? OfNumber(number) : said.Groups["name"].Value;
        }

        return exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => "ENOENT",
            PathTooLongException => "ENAMETOOLONG",
            UnauthorizedAccessException => OfNumber(exception.InnerException?.HResult ?? 0) ?? "EACCES",
            OutOfMemoryException => "ENOMEM",
            _ => OfNumber(exception.HResult),
        };
    }

    /// <returns>Null for what is no error number.</returns>
    internal static string? OfNumber(int errno) =>
        errno is <= 0 or > MaxErrno ? null : ErrnoNames.Of(errno);

    [GeneratedRegex(@"\((?:(?<name>E[A-Z0-9]+)|errno (?<number>[0-9]+))\)", RegexOptions.RightToLeft)]
    private static partial Regex Said();
}
