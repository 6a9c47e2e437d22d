using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>linkat(2)</summary>
internal static partial class Link
{
    private const int AT_FDCWD = -100;
    private const int AT_SYMLINK_FOLLOW = 0x400;

    /// <summary>Gives a file that has no name one (O_TMPFILE) in a directory; fails where there is something of that name.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int Try(SafeFileHandle file, SafeFileHandle directory, string name)
    {
        bool referenced = false;
        try
        {
            file.DangerousAddRef(ref referenced);
            while (Invoke(AT_FDCWD, $"/proc/self/fd/{file.DangerousGetHandle()}", directory, name, AT_SYMLINK_FOLLOW) != 0)
            {
                if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }
            }

            return 0;
        }
        finally
        {
            if (referenced)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Gives a file in a directory a second name there; fails where there is something of that name.</summary>
    /// <returns>0, or the error number: EPERM and others where the file system has no hard links.</returns>
    internal static int Try(SafeFileHandle directory, string name, string newName)
    {
        while (Invoke(directory, name, directory, newName, 0) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Invoke(int oldDirectory, string oldPath, SafeFileHandle newDirectory, string newPath, int flags);

    [LibraryImport(Libc.Name, EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Invoke(SafeFileHandle oldDirectory, string oldPath, SafeFileHandle newDirectory, string newPath, int flags);
}
