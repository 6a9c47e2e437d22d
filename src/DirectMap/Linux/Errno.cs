using System.Runtime.InteropServices;

namespace DirectMap.Linux;

/// <summary>Error numbers, and the exception a .NET developer expects for each.</summary>
internal static class Errno
{
    internal const int EPERM = 1;
    internal const int ENOENT = 2;
    internal const int ESRCH = 3;
    internal const int EINTR = 4;
    internal const int EIO = 5;
    internal const int ENXIO = 6;
    internal const int EBADF = 9;
    internal const int EAGAIN = 11;
    internal const int ENOMEM = 12;
    internal const int EACCES = 13;
    internal const int EFAULT = 14;
    internal const int EBUSY = 16;
    internal const int EEXIST = 17;
    internal const int EXDEV = 18;
    internal const int ENODEV = 19;
    internal const int ENOTDIR = 20;
    internal const int EISDIR = 21;
    internal const int EINVAL = 22;
    internal const int EMFILE = 24;
    internal const int ENOTTY = 25;
    internal const int ETXTBSY = 26;
    internal const int EFBIG = 27;
    internal const int ENOSPC = 28;
    internal const int ESPIPE = 29;
    internal const int EROFS = 30;
    internal const int ENAMETOOLONG = 36;
    internal const int ENOLCK = 37;
    internal const int ENOSYS = 38;
    internal const int ELOOP = 40;
    internal const int EBADMSG = 74;
    internal const int EOVERFLOW = 75;
    internal const int EOPNOTSUPP = 95;
    internal const int ETIMEDOUT = 110;
    internal const int ESTALE = 116;
    internal const int EDQUOT = 122;

    internal static int Last => Marshal.GetLastPInvokeError();

    internal static string NameOf(int errno) => ErrnoNames.Of(errno);

    /// <summary>The exception for a failed system call.</summary>
    /// <param name="errno">What the call reported.</param>
    /// <param name="call">The call's name.</param>
    /// <param name="path">The file's path as the user gave it.</param>
    /// <param name="range">The bytes concerned, or null.</param>
    internal static Exception ToException(int errno, string call, string path, FileRange? range = null)
    {
        string where = range is { } r ? $", bytes {r}" : "";
        string message = $"{call} of '{path}'{where}: {Marshal.GetPInvokeErrorMessage(errno)} ({NameOf(errno)})";
        Exception exception = errno switch
        {
            ENOENT when Directory.Exists(Path.GetDirectoryName(path)) => new FileNotFoundException(message, path),
            ENOENT => new DirectoryNotFoundException(message),
            ENOTDIR => new DirectoryNotFoundException(message),
            ENAMETOOLONG => new PathTooLongException(message),
            EACCES or EPERM or EROFS or EISDIR => new UnauthorizedAccessException(message),
            EOPNOTSUPP or ENOSYS => new NotSupportedException(message),
            ENOMEM => new InsufficientMemoryException(message),
            _ => new IOException(message),
        };
        exception.HResult = errno;
        return exception;
    }

    /// <summary>The exception for a failed call that changes a file. Arguments that the file system refuses are the caller's.</summary>
    /// <inheritdoc cref="ToException"/>
    internal static Exception ToExceptionOfChange(int errno, string call, string path, FileRange range) => errno == EINVAL
        ? new ArgumentException(
            $"{call} of '{path}', bytes {range}: the file system refuses the arguments ({nameof(EINVAL)}); " +
            "where it works in blocks, offsets and lengths must be multiples of their size (not so the end of the file)")
        {
            HResult = errno,
        }
        : ToException(errno, call, path, range);
}
