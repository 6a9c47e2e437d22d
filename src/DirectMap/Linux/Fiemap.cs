using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>ioctl(2) with FS_IOC_FIEMAP</summary>
internal static partial class Fiemap
{
    private const nuint FS_IOC_FIEMAP = 0xC020660B;
    private const uint FIEMAP_FLAG_SYNC = 1;

    /// <summary>How many extents one call asks for at most.</summary>
    internal const int BatchSize = 64;

    /// <summary>Asks for the extents that touch a range, after having the file's dirty pages written, so that none is still without blocks.</summary>
    /// <returns>0 or the error number; <paramref name="count"/> is how many extents were put into <paramref name="extents"/>.</returns>
    internal static unsafe int TryGet(SafeFileHandle file, FileRange range, Span<FiemapExtent> extents, out int count)
    {
        byte* buffer = stackalloc byte[sizeof(FiemapHeader) + (BatchSize * sizeof(FiemapExtent))];
        FiemapHeader* header = (FiemapHeader*)buffer;
        *header = new FiemapHeader
        {
            Start = (ulong)range.Offset,
            Length = (ulong)range.Length,
            Flags = FIEMAP_FLAG_SYNC,
            ExtentCount = (uint)Math.Min(extents.Length, BatchSize),
        };
        while (Control(file, FS_IOC_FIEMAP, header) != 0)
        {
            if (Errno.Last is not Errno.EINTR and int errno)
            {
                count = 0;
                return errno;
            }
        }

        // In bounds and alive: the kernel maps at most ExtentCount extents, for which the buffer on this frame has room.
        count = (int)header->MappedExtents;
        new ReadOnlySpan<FiemapExtent>(buffer + sizeof(FiemapHeader), count).CopyTo(extents);
        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static unsafe partial int Control(SafeFileHandle file, nuint request, FiemapHeader* argument);

    /// <summary>struct fiemap without its extents.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct FiemapHeader
    {
        internal ulong Start;
        internal ulong Length;
        internal uint Flags;
        internal uint MappedExtents;
        internal uint ExtentCount;
        internal uint Reserved;
    }

    /// <summary>struct fiemap_extent</summary>
    [StructLayout(LayoutKind.Explicit, Size = 56)]
    internal struct FiemapExtent
    {
        [FieldOffset(0)]
        internal ulong Logical;

        [FieldOffset(8)]
        internal ulong Physical;

        [FieldOffset(16)]
        internal ulong Length;

        [FieldOffset(40)]
        internal uint Flags;
    }
}
