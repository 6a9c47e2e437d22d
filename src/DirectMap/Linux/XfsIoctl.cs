using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// ioctl(2) with XFS_IOC_FSGEOMETRY and FS_IOC_FSGETXATTR: whether XFS writes a file's blocks anew each time, as it must on zoned devices.
/// </summary>
internal static partial class XfsIoctl
{
    private const nuint XFS_IOC_FSGEOMETRY = 0x8100587E;
    private const nuint FS_IOC_FSGETXATTR = 0x801C581F;
    private const uint XFS_FSOP_GEOM_FLAGS_REFLINK = 1 << 20;
    private const uint XFS_FSOP_GEOM_FLAGS_ZONED = 1 << 27;
    private const int DefaultCopyWindowInBlocks = 32;
    private const uint FS_XFLAG_REALTIME = 1;
    private const uint FS_XFLAG_EXTSIZE = 0x800;
    private const uint FS_XFLAG_COWEXTSIZE = 0x10000;

    /// <summary>Whether the file lies on a zoned device: the real-time section of a file system whose real-time section is zoned.</summary>
    internal static bool IsZoned(SafeFileHandle file) =>
        GetGeometry(file, XFS_IOC_FSGEOMETRY, out Geometry geometry) == 0
        && (geometry.Flags & XFS_FSOP_GEOM_FLAGS_ZONED) != 0
        && (GetExtendedAttributes(file, FS_IOC_FSGETXATTR, out ExtendedAttributes attributes) != 0
            || (attributes.Flags & FS_XFLAG_REALTIME) != 0);

    /// <summary>
    /// The window, in bytes, in which XFS reserves copies when one block in it is shared and written to (the larger one of the two extent
    /// size hints); 0 where no blocks can be shared. What is not shared there moves to its copy at its next store.
    /// </summary>
    internal static long CopyWindow(SafeFileHandle file, long blockSize)
    {
        if (GetGeometry(file, XFS_IOC_FSGEOMETRY, out Geometry geometry) != 0 || (geometry.Flags & XFS_FSOP_GEOM_FLAGS_REFLINK) == 0)
        {
            return 0;
        }

        long window = 0;
        if (GetExtendedAttributes(file, FS_IOC_FSGETXATTR, out ExtendedAttributes attributes) == 0)
        {
            long own = (attributes.Flags & FS_XFLAG_COWEXTSIZE) != 0 ? attributes.CopyWindow : 0;
            window = Math.Max(own, (attributes.Flags & FS_XFLAG_EXTSIZE) != 0 ? attributes.ExtentSize : 0);
        }

        return window != 0 ? window : DefaultCopyWindowInBlocks * blockSize;
    }

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int GetGeometry(SafeFileHandle file, nuint request, out Geometry geometry);

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int GetExtendedAttributes(SafeFileHandle file, nuint request, out ExtendedAttributes attributes);

    /// <summary>struct xfs_fsop_geom</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Geometry
    {
        [FieldOffset(92)]
        internal uint Flags;
    }

    /// <summary>struct fsxattr</summary>
    [StructLayout(LayoutKind.Explicit, Size = 28)]
    private struct ExtendedAttributes
    {
        [FieldOffset(0)]
        internal uint Flags;

        [FieldOffset(4)]
        internal uint ExtentSize;

        [FieldOffset(16)]
        internal uint CopyWindow;
    }
}
