using System.Runtime.InteropServices;
using DirectMap.Threading;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>fcntl(2) with F_SETLEASE</summary>
internal static partial class KernelLease
{
    private const int F_SETSIG = 10;
    private const int F_SETLEASE = 1024;
    private const int F_GETLEASE = 1025;
    private const int F_RDLCK = 0;
    private const int F_WRLCK = 1;
    private const int F_UNLCK = 2;
    private const int SIGURG = 23;

    /// <summary>The signal is the description's: who sets it back would take it from another thread, whose lease is broken then.</summary>
    private static readonly UninterruptedLock s_gate = new();

    /// <summary>
    /// Asks the kernel, by trying, whether the caller may hold a lease on the file (it owns it, or has CAP_LEASE): the kernel checks the
    /// permission before anything else. The try is made so that it cannot be granted: F_RDLCK conflicts with the descriptor's own right to
    /// write, F_WRLCK on a read-only one with a second open, made for this.
    /// </summary>
    /// <param name="file">A descriptor of the file.</param>
    /// <param name="isWritable">Whether it is open for writing.</param>
    /// <param name="pathForMessages">The file's path.</param>
    /// <returns>0 when a lease is permitted, otherwise the error number.</returns>
    internal static int TryPermission(SafeFileHandle file, bool isWritable, string pathForMessages)
    {
        using SafeFileHandle? second = isWritable ? null : TryReopen(file, pathForMessages);
        using UninterruptedLock.Entered entered = s_gate.Enter();

        // Should a file system grant it all the same, a breaker in that moment must not end the process with SIGIO: SIGURG
        // is ignored by default.
        _ = Control(file, F_SETSIG, SIGURG);
        try
        {
            if (Control(file, F_SETLEASE, isWritable ? F_RDLCK : F_WRLCK) != 0)
            {
                int errno = Errno.Last;
                return errno == Errno.EAGAIN ? 0 : errno;
            }

            _ = Control(file, F_SETLEASE, F_UNLCK);
            return 0;
        }
        finally
        {
            _ = Control(file, F_SETSIG, 0);
        }
    }

    /// <summary>
    /// Proves that nobody else has the file open, or that nobody has it open for writing: the kernel grants a lease to that only, and
    /// counts mappings of closed descriptors. Who begins to open the file is counted before anything else, and nobody can finish to open it
    /// while there is the lease: something may be done meanwhile. Then it is given back. The inode must be open in this process through
    /// this description only.
    /// </summary>
    /// <param name="file">The description.</param>
    /// <param name="readersToo">Whether others that read count, too (F_WRLCK, not F_RDLCK). A description that is open for writing is in
    /// the way of a proof without them.</param>
    /// <param name="between">Done while there is the lease; true where it was done.</param>
    /// <returns>0 where it is proven, otherwise the error number: EAGAIN where somebody has it open.</returns>
    internal static int TryProve(SafeFileHandle file, bool readersToo, Func<bool> between)
    {
        using UninterruptedLock.Entered entered = s_gate.Enter();
        if (IsHeld(file))
        {
            return Errno.EBUSY; // The program's own lease is not to be taken away.
        }

        // Who opens the file at this moment breaks the lease: SIGURG is ignored by default.
        int type = readersToo ? F_WRLCK : F_RDLCK;
        _ = Control(file, F_SETSIG, SIGURG);
        try
        {
            if (Control(file, F_SETLEASE, type) != 0)
            {
                return Errno.Last;
            }

            try
            {
                return between() ? 0 : Errno.EAGAIN;
            }
            finally
            {
                _ = Control(file, F_SETLEASE, F_UNLCK);
            }
        }
        finally
        {
            _ = Control(file, F_SETSIG, 0);
        }
    }

    /// <summary>Whether the process has a lease through this description: to open the file again would break it.</summary>
    internal static bool IsHeld(SafeFileHandle file) => Control(file, F_GETLEASE, 0) is F_RDLCK or F_WRLCK;

    private static SafeFileHandle? TryReopen(SafeFileHandle file, string pathForMessages)
    {
        try
        {
            return OpenFile.Reopen(file, OpenFile.OpenFlags.O_RDONLY, pathForMessages);
        }
        catch (UnauthorizedAccessException)
        {
            return null; // Its mode was changed since it was opened: then the try may be granted, and is given back at once.
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, int argument);
}
