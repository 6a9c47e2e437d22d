using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>renameat2(2)</summary>
internal static partial class Rename
{
    private const uint RENAME_NOREPLACE = 1;

    /// <summary>Gives a file in a directory another name there, unless there is something of that name.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="name">What it is called.</param>
    /// <param name="newName">What it is to be called.</param>
    /// <returns>0, or the error number: EEXIST where there is; EINVAL where the file system cannot tell, ENOSYS where the kernel
    /// cannot.</returns>
    internal static int Try(SafeFileHandle directory, string name, string newName)
    {
        try
        {
            while (Invoke(directory, name, directory, newName, RENAME_NOREPLACE) != 0)
            {
                if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }
            }

            return 0;
        }
        catch (EntryPointNotFoundException)
        {
            return Errno.ENOSYS; // A C library from before 2018.
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Invoke(SafeFileHandle directory, string name, SafeFileHandle newDirectory, string newName, uint flags);
}
