using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>ioctl(2) with FS_IOC_FIEMAP</summary>
internal static partial class Fiemap
{
    private const nuint FS_IOC_FIEMAP = 0xC020660B;
    private const uint FIEMAP_FLAG_SYNC = 1;

    /// <summary>How many extents one call asks for: about 7 KiB, so that it fits on the stack.</summary>
    private const int BatchSize = 128;

    /// <summary>
    /// Asks for the extents that touch a range, after having the file's dirty pages written, so that none is still without blocks.
    /// </summary>
    /// <returns>0 or the error number; <paramref name="batch"/> has the extents.</returns>
    internal static int TryGet(SafeFileHandle file, FileRange range, ref Batch batch)
    {
        while (true)
        {
            batch.Start = (ulong)range.Offset;
            batch.Length = (ulong)range.Length;
            batch.Flags = FIEMAP_FLAG_SYNC;
            batch.MappedExtents = 0;
            batch.ExtentCount = BatchSize;
            if (Control(file, FS_IOC_FIEMAP, ref batch) == 0)
            {
                return 0;
            }

            if (Errno.Last is not Errno.EINTR and int errno)
            {
                return errno;
            }
        }
    }

    [LibraryImport(Libc.Name, EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, ref Batch argument);

    /// <summary>struct fiemap with room for some extents</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Batch
    {
        internal ulong Start;
        internal ulong Length;
        internal uint Flags;
        internal uint MappedExtents;
        internal uint ExtentCount;
        internal uint Reserved;
        private ExtentArray _extents;

        /// <summary>What the kernel put there: at most as many as there is room for.</summary>
        [UnscopedRef]
        internal readonly ReadOnlySpan<FiemapExtent> Extents => ((ReadOnlySpan<FiemapExtent>)_extents)[..(int)MappedExtents];
    }

    [InlineArray(BatchSize)]
    private struct ExtentArray
    {
        private FiemapExtent _first;
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
