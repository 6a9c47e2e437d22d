using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>open(2)</summary>
internal static partial class OpenFile
{
    [Flags]
    internal enum OpenFlags
    {
        O_RDONLY = 0,
        O_RDWR = 2,
        O_CREAT = 0x40,
        O_EXCL = 0x80,
        O_NONBLOCK = 0x800,
        O_CLOEXEC = 0x80000,
        O_PATH = 0x200000,
    }

    /// <summary>Of a symbolic link the link itself, with O_PATH. It is another number on arm64.</summary>
    internal static OpenFlags NoFollow { get; } =
        (OpenFlags)(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000);

    private const int DefaultMode = 0x1B6; // 0666, less the umask, as the BCL creates files.

    /// <summary>Opens without following up on a signal's interruption; never inherits into children.</summary>
    internal static SafeFileHandle Open(string path, OpenFlags flags, string pathForMessages)
    {
        while (true)
        {
            SafeFileHandle handle = Open(path, flags | OpenFlags.O_CLOEXEC, DefaultMode);
            if (!handle.IsInvalid)
            {
                return handle;
            }

            int errno = Errno.Last;
            handle.Dispose();
            if (errno != Errno.EINTR)
            {
                throw Errno.ToException(errno, "open", pathForMessages);
            }
        }
    }

    /// <summary>Opens what has a name in a directory (openat), however long the directory's path is.</summary>
    /// <param name="directory">The directory, O_PATH or not.</param>
    /// <param name="name">The name.</param>
    /// <param name="flags">How.</param>
    /// <param name="pathForMessages">What it is for.</param>
    internal static SafeFileHandle OpenIn(SafeFileHandle directory, string name, OpenFlags flags, string pathForMessages)
    {
        while (true)
        {
            SafeFileHandle handle = OpenAt(directory, name, flags | OpenFlags.O_CLOEXEC, DefaultMode);
            if (!handle.IsInvalid)
            {
                return handle;
            }

            int errno = Errno.Last;
            handle.Dispose();
            if (errno != Errno.EINTR)
            {
                throw Errno.ToException(errno, "openat", pathForMessages);
            }
        }
    }

    /// <summary>Makes a file without a name in a directory (O_TMPFILE), for reading and writing.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryCreateUnnamed(SafeFileHandle directory, out SafeFileHandle file)
    {
        // O_TMPFILE contains O_DIRECTORY, which is another number on arm64.
        int unnamed = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x404000 : 0x410000;
        bool referenced = false;
        try
        {
            directory.DangerousAddRef(ref referenced);
            int errno;
            do
            {
                file = Open(
                    $"/proc/self/fd/{directory.DangerousGetHandle()}",
                    (OpenFlags)unnamed | OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC,
                    DefaultMode);
                errno = file.IsInvalid ? Errno.Last : 0;
            }
            while (errno == Errno.EINTR);
            return errno;
        }
        finally
        {
            if (referenced)
            {
                directory.DangerousRelease();
            }
        }
    }

    /// <summary>Opens again what an O_PATH descriptor names: the very inode, whatever its path has become.</summary>
    internal static SafeFileHandle Reopen(SafeFileHandle pathHandle, OpenFlags flags, string pathForMessages)
    {
        bool referenced = false;
        try
        {
            pathHandle.DangerousAddRef(ref referenced);
            return Open($"/proc/self/fd/{pathHandle.DangerousGetHandle()}", flags, pathForMessages);
        }
        finally
        {
            if (referenced)
            {
                pathHandle.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Opens again, with the access mode 3, a file that is open: that permits neither reading nor writing, but what needs no permission,
    /// such as waiting for writeback. It counts neither as a reader nor as a writer, so it is in nobody's way who wants a lease
    /// (F_SETLEASE). It does not wait for one either.
    /// </summary>
    /// <returns>Null where that is refused: by the file's mode, by a lease, by the number of descriptors, or without /proc.</returns>
    internal static SafeFileHandle? TryReopenForNothing(SafeFileHandle file)
    {
        const OpenFlags forNothing = (OpenFlags)3 | OpenFlags.O_NONBLOCK | OpenFlags.O_CLOEXEC;
        bool referenced = false;
        try
        {
            file.DangerousAddRef(ref referenced);
            string path = $"/proc/self/fd/{file.DangerousGetHandle()}";
            while (true)
            {
                SafeFileHandle opened = Open(path, forNothing, DefaultMode);
                if (!opened.IsInvalid)
                {
                    return opened;
                }

                int errno = Errno.Last;
                opened.Dispose();
                if (errno != Errno.EINTR)
                {
                    return null;
                }
            }
        }
        finally
        {
            if (referenced)
            {
                file.DangerousRelease();
            }
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, OpenFlags flags, int mode);

    [LibraryImport(Libc.Name, EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle OpenAt(SafeFileHandle directory, string name, OpenFlags flags, int mode);
}
