using DirectMap.Linux;

namespace DirectMap.Backings;

/// <summary>Error numbers of Linux for what .NET throws.</summary>
internal static class PortableErrors
{
    private const int FacilityWin32 = unchecked((int)0x80070000);
    private const int ERROR_HANDLE_DISK_FULL = FacilityWin32 | 39;
    private const int ERROR_DISK_FULL = FacilityWin32 | 112;

    /// <summary>The largest number that means the same on every Unix.</summary>
    private const int LastCommon = 34;

    /// <summary>0 when an action succeeds, or the error number.</summary>
    internal static int Of(Action action)
    {
        try
        {
            action();
            return 0;
        }
        catch (Exception exception) when (NumberOf(exception) != 0)
        {
            return NumberOf(exception);
        }
    }

    /// <summary>As <see cref="Of"/> of what makes bytes durable; EBADF when the file or view was closed meanwhile.</summary>
    internal static int OfSync(Action sync)
    {
        try
        {
            return Of(sync);
        }
        catch (ObjectDisposedException)
        {
            return Errno.EBADF;
        }
    }

    /// <summary>The error number of an exception of a file operation; 0 for any other.</summary>
    internal static int NumberOf(Exception exception) => exception switch
    {
        IOException { HResult: ERROR_DISK_FULL or ERROR_HANDLE_DISK_FULL } => Errno.ENOSPC,
        IOException { HResult: > 0 and var errno }
            when OperatingSystem.IsLinux() || (!OperatingSystem.IsWindows() && errno <= LastCommon) => errno,
        IOException => Errno.EIO,
        ArgumentOutOfRangeException => Errno.EFBIG, // Of a length or an offset that no file system can have: arguments were checked before.
        UnauthorizedAccessException => Errno.EACCES,
        _ => 0,
    };
}
