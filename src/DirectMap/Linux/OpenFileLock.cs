using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// fcntl(2) with F_OFD_SETLK and F_OFD_GETLK: locks on bytes of a file that belong to an open file description. They conflict with those of
/// every other description of the file, in this process too, and with record locks (F_SETLK) of processes; never with those of their own.
/// They are advisory: no read and no write is kept from the bytes, except on SMB.
/// <para>
/// A lock goes when its description goes: with the last descriptor, and the last mapping that was made through one. What the process has
/// goes with the process; a child that was started without O_CLOEXEC on the descriptor keeps it.
/// </para>
/// </summary>
internal static unsafe partial class OpenFileLock
{
    private const int F_OFD_GETLK = 36;
    private const int F_OFD_SETLK = 37;
    private const short F_RDLCK = 0;
    private const short F_WRLCK = 1;
    private const short F_UNLCK = 2;

    /// <summary>Locks bytes, which the file need not have; what the description has locked of them becomes a lock of this kind.</summary>
    /// <param name="file">A descriptor of the description: open for writing where the lock is exclusive, otherwise for reading.</param>
    /// <param name="bytes">At least one byte.</param>
    /// <param name="exclusive">True: nobody else may have any of them locked. False: others may have them locked like this, too.</param>
    /// <returns>0; EAGAIN where somebody else has them; another error number: EBADF where the descriptor is not open for it,
    /// ENOLCK where a server or the kernel has no more locks, EINVAL where the file system has none of this kind.</returns>
    internal static int TryLock(SafeFileHandle file, FileRange bytes, bool exclusive)
    {
        int errno = Set(file, bytes, exclusive ? F_WRLCK : F_RDLCK);
        return errno == Errno.EACCES ? Errno.EAGAIN : errno; // POSIX lets a system say either.
    }

    /// <summary>Gives bytes back, whether they are locked or not.</summary>
    /// <param name="file">Any descriptor of the description.</param>
    /// <param name="bytes">At least one byte.</param>
    /// <returns>0, or the error number.</returns>
    internal static int TryUnlock(SafeFileHandle file, FileRange bytes) => Set(file, bytes, F_UNLCK);

    /// <summary>Asks who has locked some of the bytes so that an exclusive lock of this description would be refused.</summary>
    /// <param name="file">A descriptor of the description.</param>
    /// <param name="bytes">At least one byte.</param>
    /// <param name="process">The process whose record lock (F_SETLK) it is; 0 for one of another pid namespace; -1 where it is
    /// a description's, which names nobody; null where nobody is in the way.</param>
    /// <returns>0, or the error number.</returns>
    internal static int TryFindOther(SafeFileHandle file, FileRange bytes, out int? process)
    {
        FileLock found = FileLock.Of(bytes, F_WRLCK);
        int errno = Invoke(file, F_OFD_GETLK, ref found);
        process = errno == 0 && found.Type != F_UNLCK ? found.Process : null;
        return errno;
    }

    private static int Set(SafeFileHandle file, FileRange bytes, short type)
    {
        FileLock wanted = FileLock.Of(bytes, type);
        return Invoke(file, F_OFD_SETLK, ref wanted);
    }

    private static int Invoke(SafeFileHandle file, int command, ref FileLock argument)
    {
        // In bounds and alive: a struct of the caller's frame.
        fixed (FileLock* pointer = &argument)
        {
            while (Control(file, command, pointer) != 0)
            {
                // A server may be asked, and that can be interrupted.
                if (Errno.Last is not Errno.EINTR and int errno)
                {
                    return errno;
                }
            }
        }

        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, FileLock* argument);

    /// <summary>struct flock of a 64-bit system</summary>
    private struct FileLock
    {
        internal short Type;
        internal short Whence; // SEEK_SET is 0
        internal long Start;
        internal long Length;
        internal int Process; // must be 0 when the kernel is asked

        internal static FileLock Of(FileRange bytes, short type)
        {
            // To the kernel a length of 0 is everything up to the end.
            ArgumentOutOfRangeException.ThrowIfZero(bytes.Length);
            return new FileLock { Type = type, Start = bytes.Offset, Length = bytes.Length };
        }
    }
}
