using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>ioctl(2) with FS_IOC_GETFLAGS and FS_IOC_SETFLAGS: what chattr(1) shows and sets.</summary>
internal static partial class InodeFlags
{
    private const nuint FS_IOC_GETFLAGS = 0x80086601;
    private const nuint FS_IOC_SETFLAGS = 0x40086602;

    [Flags]
    internal enum Flags : uint
    {
        None = 0,
        FS_COMPR_FL = 0x4,
        FS_IMMUTABLE_FL = 0x10,
        FS_APPEND_FL = 0x20,
        FS_JOURNAL_DATA_FL = 0x4000,
        FS_NOCOW_FL = 0x800000,
    }

    /// <returns>0, or the error number: ENOTTY or EOPNOTSUPP where the file system has no such flags.</returns>
    internal static int TryGet(SafeFileHandle file, out Flags flags)
    {
        // The kernel reads and writes an int, although the request's number says long; the rest stays zero.
        int errno = Control(file, FS_IOC_GETFLAGS, out ulong value) == 0 ? 0 : Errno.Last;
        flags = (Flags)(uint)value;
        return errno;
    }

    /// <returns>0, or the error number.</returns>
    internal static int TrySet(SafeFileHandle file, Flags flags) => Set(file, FS_IOC_SETFLAGS, (ulong)flags) == 0 ? 0 : Errno.Last;

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, out ulong flags);

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Set(SafeFileHandle file, nuint request, in ulong flags);
}
