using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>statx(2)</summary>
internal static unsafe partial class Statx
{
    private const int AT_STATX_DONT_SYNC = 0x4000;
    private const int AT_EMPTY_PATH = 0x1000;
    private const uint STATX_TYPE = 0x1;
    private const uint STATX_MODE = 0x2;
    private const uint STATX_NLINK = 0x4;
    private const uint STATX_UID = 0x8;
    private const uint STATX_INO = 0x100;
    private const uint STATX_SIZE = 0x200;
    private const uint STATX_BLOCKS = 0x400;
    private const uint STATX_BTIME = 0x800;

    /// <summary>
    /// No time of a change: since Linux 6.13 the next change after such a question gets a time of its own, so the inode is written again.
    /// A persist asks for the length, and each one after it would take half as long again.
    /// </summary>
    private const uint Mask = STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_UID | STATX_INO | STATX_SIZE | STATX_BLOCKS | STATX_BTIME;
    private const ushort S_IFMT = 0xF000;
    private const ushort S_IFREG = 0x8000;
    private const ushort S_IFLNK = 0xA000;

    /// <summary>STATX_ATTR_*, as far as the library has a use for them.</summary>
    [Flags]
    internal enum StatxAttributes : ulong
    {
        None = 0,
        STATX_ATTR_COMPRESSED = 0x4,
        STATX_ATTR_IMMUTABLE = 0x10,
        STATX_ATTR_APPEND = 0x20,
        STATX_ATTR_ENCRYPTED = 0x800,
        STATX_ATTR_VERITY = 0x100000,
        STATX_ATTR_DAX = 0x200000,
    }

    /// <summary>The facts of a file that the library uses; it occupies so many sectors of 512 bytes.</summary>
    internal readonly record struct FileStatus(FileId Id, long Size, uint Uid, ushort Mode, StatxAttributes Attributes, long Sectors)
    {
        /// <summary>Whether it has no name any more.</summary>
        internal bool IsDeleted { get; init; }

        internal bool IsDax => Attributes.HasFlag(StatxAttributes.STATX_ATTR_DAX);

        internal bool IsRegularFile => (Mode & S_IFMT) == S_IFREG;

        internal bool IsSymbolicLink => (Mode & S_IFMT) == S_IFLNK;

        /// <summary>What a file that is not regular is, in words.</summary>
        internal string Kind => (Mode & S_IFMT) switch
        {
            0x4000 => "a directory",
            0x1000 => "a pipe",
            0x2000 => "a character device",
            0x6000 => "a block device",
            0xC000 => "a socket",
            _ => "not a regular file",
        };
    }

    internal static FileStatus Of(SafeFileHandle file, string pathForMessages)
    {
        if (TryGet(file, out FileStatus status) is not 0 and int errno)
        {
            throw Errno.ToException(errno, "statx", pathForMessages);
        }

        return status;
    }

    /// <returns>0, or the error number.</returns>
    internal static int TryGet(SafeFileHandle file, out FileStatus status)
    {
        if (Get(file, "", AT_EMPTY_PATH, Mask, out StatxBuffer buffer) != 0)
        {
            status = default;
            return Errno.Last;
        }

        status = new FileStatus(
            new FileId(
                ((ulong)buffer.DevMajor << 32) | buffer.DevMinor,
                buffer.Ino,
                (buffer.Mask & STATX_BTIME) == 0 ? 0 : unchecked((buffer.BtimeSeconds * 1_000_000_000) + buffer.BtimeNanoseconds)),
            (long)buffer.Size,
            buffer.Uid,
            buffer.Mode,
            (StatxAttributes)(buffer.AttributesMask & buffer.Attributes),
            (long)buffer.Blocks)
        {
            IsDeleted = (buffer.Mask & STATX_NLINK) != 0 && buffer.Links == 0
        };
        return 0;
    }

    /// <summary>
    /// Which inode a descriptor is of, and how many bytes it has, as far as the kernel knows without asking a server
    /// (AT_STATX_DONT_SYNC). The descriptor is the caller's, who has it by its number only.
    /// </summary>
    /// <returns>0, or the error number.</returns>
    internal static int TryGetOfNumber(int descriptor, out ulong device, out ulong inode, out long size)
    {
        byte empty = 0;
        if (GetOfNumber(descriptor, &empty, AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_SIZE, out StatxBuffer buffer) != 0)
        {
            (device, inode, size) = (0, 0, 0);
            return Errno.Last;
        }

        (device, inode, size) = (((ulong)buffer.DevMajor << 32) | buffer.DevMinor, buffer.Ino, (long)buffer.Size);
        return 0;
    }

    [LibraryImport(Libc.Name, EntryPoint = "statx", SetLastError = true)]
    private static partial int GetOfNumber(int directory, byte* path, int flags, uint mask, out StatxBuffer buffer);

    [LibraryImport(Libc.Name, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Get(SafeFileHandle directory, string path, int flags, uint mask, out StatxBuffer buffer);

    /// <summary>struct statx, the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(0)]
        internal uint Mask;

        [FieldOffset(8)]
        internal ulong Attributes;

        [FieldOffset(16)]
        internal uint Links;

        [FieldOffset(20)]
        internal uint Uid;

        [FieldOffset(28)]
        internal ushort Mode;

        [FieldOffset(32)]
        internal ulong Ino;

        [FieldOffset(40)]
        internal ulong Size;

        [FieldOffset(48)]
        internal ulong Blocks;

        [FieldOffset(56)]
        internal ulong AttributesMask;

        [FieldOffset(80)]
        internal long BtimeSeconds;

        [FieldOffset(88)]
        internal uint BtimeNanoseconds;

        [FieldOffset(136)]
        internal uint DevMajor;

        [FieldOffset(140)]
        internal uint DevMinor;
    }
}
