using System.Text.RegularExpressions;

namespace DirectMap.Tool.Terminal;

/// <summary>The name of the error number behind an exception.</summary>
internal static partial class ErrnoName
{
    private const int MaxErrno = 4095;

    /// <summary>By number, as in asm-generic/errno.h; two numbers have none.</summary>
    private static readonly string?[] s_names =
    [
        null, "EPERM", "ENOENT", "ESRCH", "EINTR", "EIO", "ENXIO", "E2BIG", "ENOEXEC", "EBADF",
        "ECHILD", "EAGAIN", "ENOMEM", "EACCES", "EFAULT", "ENOTBLK", "EBUSY", "EEXIST", "EXDEV", "ENODEV",
        "ENOTDIR", "EISDIR", "EINVAL", "ENFILE", "EMFILE", "ENOTTY", "ETXTBSY", "EFBIG", "ENOSPC", "ESPIPE",
        "EROFS", "EMLINK", "EPIPE", "EDOM", "ERANGE", "EDEADLK", "ENAMETOOLONG", "ENOLCK", "ENOSYS", "ENOTEMPTY",
        "ELOOP", null, "ENOMSG", "EIDRM", "ECHRNG", "EL2NSYNC", "EL3HLT", "EL3RST", "ELNRNG", "EUNATCH",
        "ENOCSI", "EL2HLT", "EBADE", "EBADR", "EXFULL", "ENOANO", "EBADRQC", "EBADSLT", null, "EBFONT",
        "ENOSTR", "ENODATA", "ETIME", "ENOSR", "ENONET", "ENOPKG", "EREMOTE", "ENOLINK", "EADV", "ESRMNT",
        "ECOMM", "EPROTO", "EMULTIHOP", "EDOTDOT", "EBADMSG", "EOVERFLOW", "ENOTUNIQ", "EBADFD", "EREMCHG", "ELIBACC",
        "ELIBBAD", "ELIBSCN", "ELIBMAX", "ELIBEXEC", "EILSEQ", "ERESTART", "ESTRPIPE", "EUSERS", "ENOTSOCK", "EDESTADDRREQ",
        "EMSGSIZE", "EPROTOTYPE", "ENOPROTOOPT", "EPROTONOSUPPORT", "ESOCKTNOSUPPORT", "EOPNOTSUPP", "EPFNOSUPPORT", "EAFNOSUPPORT",
        "EADDRINUSE", "EADDRNOTAVAIL",
        "ENETDOWN", "ENETUNREACH", "ENETRESET", "ECONNABORTED", "ECONNRESET", "ENOBUFS", "EISCONN", "ENOTCONN", "ESHUTDOWN", "ETOOMANYREFS",
        "ETIMEDOUT", "ECONNREFUSED", "EHOSTDOWN", "EHOSTUNREACH", "EALREADY", "EINPROGRESS", "ESTALE", "EUCLEAN", "ENOTNAM", "ENAVAIL",
        "EISNAM", "EREMOTEIO", "EDQUOT", "ENOMEDIUM", "EMEDIUMTYPE", "ECANCELED", "ENOKEY", "EKEYEXPIRED", "EKEYREVOKED", "EKEYREJECTED",
        "EOWNERDEAD", "ENOTRECOVERABLE", "ERFKILL", "EHWPOISON",
    ];

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
        errno is <= 0 or > MaxErrno ? null : (errno < s_names.Length ? s_names[errno] : null) ?? $"errno {errno}";

    [GeneratedRegex(@"\((?:(?<name>E[A-Z0-9]+)|errno (?<number>[0-9]+))\)", RegexOptions.RightToLeft)]
    private static partial Regex Said();
}
