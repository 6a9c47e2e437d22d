using System.Runtime.InteropServices;
using DirectMap.Linux;

namespace DirectMap.Tool.Linux;

/// <summary>statx(2) of a path. Those of /proc/PID lead to what a process has open, whatever its name has become.</summary>
internal static partial class PathStatus
{
    private const int AT_FDCWD = -100;
    private const int AT_NO_AUTOMOUNT = 0x800;

    /// <summary>A server of files that is gone (FUSE, NFS) is not asked, and so not waited for: its files' numbers are known.</summary>
    private const int AT_STATX_DONT_SYNC = 0x4000;
    private const uint STATX_INO = 0x100;
    private const uint STATX_SIZE = 0x200;

    /// <returns>0, or the error number.</returns>
    internal static int TryGetNumbers(string path, out InodeNumbers numbers)
    {
        int errno = TryGet(path, AT_STATX_DONT_SYNC, STATX_INO, out StatxBuffer buffer);
        numbers = new InodeNumbers(buffer.DevMajor, buffer.DevMinor, buffer.Ino);
        return errno;
    }

    /// <summary>The numbers, and the length in bytes.</summary>
    internal static (InodeNumbers Numbers, long Length) Of(string path, string pathForMessages) =>
        TryGet(path, 0, STATX_INO | STATX_SIZE, out StatxBuffer buffer) is not 0 and int errno
            ? throw Errno.ToException(errno, "statx", pathForMessages)
            : (new InodeNumbers(buffer.DevMajor, buffer.DevMinor, buffer.Ino), (long)buffer.Size);

    private static int TryGet(string path, int flags, uint mask, out StatxBuffer buffer) =>
        Get(AT_FDCWD, path, AT_NO_AUTOMOUNT | flags, mask, out buffer) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Get(int directory, string path, int flags, uint mask, out StatxBuffer buffer);

    /// <summary>struct statx, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(32)]
        internal ulong Ino;

        [FieldOffset(40)]
        internal ulong Size;

        [FieldOffset(136)]
        internal uint DevMajor;

        [FieldOffset(140)]
        internal uint DevMinor;
    }
}
