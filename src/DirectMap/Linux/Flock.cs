using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// flock(2): a lock on a whole file that belongs to an open file description, and goes with it. It is advisory, and the one that FileStream
/// takes by its FileShare.
/// </summary>
internal static partial class Flock
{
    private const int LOCK_SH = 1;
    private const int LOCK_EX = 2;
    private const int LOCK_NB = 4;
    private const int LOCK_UN = 8;

    /// <summary>Takes the lock, or changes the kind of the one that the description has; does not wait.</summary>
    /// <returns>0; EAGAIN where another description has one that is in the way; another error number: ENOLCK, ENOSYS or EOPNOTSUPP where
    /// the file system has none.</returns>
    internal static int TryLock(SafeFileHandle file, bool exclusive) => Try(file, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);

    /// <summary>Gives the lock back, if there is one.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryUnlock(SafeFileHandle file) => Try(file, LOCK_UN);

    private static int Try(SafeFileHandle file, int operation)
    {
        while (Invoke(file, operation) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "flock", SetLastError = true)]
    private static partial int Invoke(SafeFileHandle file, int operation);
}
