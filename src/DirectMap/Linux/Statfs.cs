using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>fstatfs(2)</summary>
internal static partial class Statfs
{
    /// <summary>The file system's magic number (f_type) and block size in bytes (f_bsize).</summary>
    internal static (uint Type, long BlockSize) Of(SafeFileHandle file, string pathForMessages)
    {
        if (Get(file, out StatfsBuffer buffer) != 0)
        {
            throw Errno.ToException(Errno.Last, "fstatfs", pathForMessages);
        }

        return ((uint)buffer.Type, buffer.BlockSize);
    }

    /// <summary>
    /// What there is (f_blocks; 0 where there is no limit), what of it is free (f_bfree), and how much of it not only for root or the file
    /// system itself (f_bavail), in bytes.
    /// </summary>
    internal static (long Total, long Free, long Available) Space(SafeFileHandle file, string pathForMessages) =>
        Get(file, out StatfsBuffer buffer) == 0
            ? (buffer.TotalBlocks * buffer.BlockSize, buffer.FreeBlocks * buffer.BlockSize, buffer.AvailableBlocks * buffer.BlockSize)
            : throw Errno.ToException(Errno.Last, "fstatfs", pathForMessages);

    /// <summary>What tells the file system from others (f_fsid), 8 bytes.</summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryGetId(SafeFileHandle file, Span<byte> id)
    {
        int errno = Get(file, out StatfsBuffer buffer) == 0 ? 0 : Errno.Last;
        MemoryMarshal.Write(id, buffer.Id);
        return errno;
    }

    [LibraryImport(Libc.Name, EntryPoint = "fstatfs", SetLastError = true)]
    private static partial int Get(SafeFileHandle file, out StatfsBuffer buffer);

    /// <summary>struct statfs of the 64-bit architectures, with room to spare.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatfsBuffer
    {
        [FieldOffset(0)]
        internal long Type;

        [FieldOffset(8)]
        internal long BlockSize;

        [FieldOffset(16)]
        internal long TotalBlocks;

        [FieldOffset(24)]
        internal long FreeBlocks;

        [FieldOffset(32)]
        internal long AvailableBlocks;

        [FieldOffset(56)]
        internal long Id;
    }
}
