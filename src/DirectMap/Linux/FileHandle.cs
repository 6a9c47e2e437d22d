using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Linux;

/// <summary>
/// name_to_handle_at(2): what a file system calls an inode, so that it knows it again. It has a generation, which tells a file apart from
/// a deleted one whose inode number it got.
/// </summary>
internal static unsafe partial class FileHandle
{
    private const int AT_EMPTY_PATH = 0x1000;
    private const int AT_HANDLE_FID = 0x200; // Linux 6.5: one that cannot be opened, which more file systems have.

    /// <summary>Bytes that a handle has at most.</summary>
    internal const int MaxBytes = 128;

    private const int Header = 2 * sizeof(uint); // struct file_handle: bytes, type, and the bytes

    /// <summary>The handle of an open file, O_PATH or not, as text; null where the file system has none.</summary>
    internal static string? TryGet(SafeFileHandle file) => TryGet(file, AT_EMPTY_PATH) ?? TryGet(file, AT_EMPTY_PATH | AT_HANDLE_FID);

    /// <summary>
    /// Whether two descriptions are of one inode of the kernel. An inode number does not tell: through FUSE two names of a file have one
    /// number, and each an inode with pages and locks of its own. Null where the file system has no handles.
    /// </summary>
    internal static bool? AreOfOneInode(SafeFileHandle first, SafeFileHandle second) =>
        TryGet(first) is { } one && TryGet(second) is { } other ? one == other : null;

    /// <summary>
    /// struct file_handle of an open file, as fanotify tells it: made for telling, and not for opening, where the kernel knows of that.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="buffer">Gets it; as long as the header and the longest handle.</param>
    /// <param name="length">How many bytes there are behind the header.</param>
    /// <returns>False: the file system has none.</returns>
    internal static bool TryGet(SafeFileHandle file, Span<byte> buffer, out int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(buffer.Length, Header + MaxBytes);

        // In bounds: the kernel writes no more than the header and as many bytes as it is told in it.
        fixed (byte* start = buffer)
        {
            uint* header = (uint*)start;
            foreach (int flags in (ReadOnlySpan<int>)[AT_EMPTY_PATH | AT_HANDLE_FID, AT_EMPTY_PATH])
            {
                header[0] = MaxBytes;
                if (Get(file, "", start, out _, flags) == 0)
                {
                    length = (int)header[0];
                    return length <= MaxBytes;
                }
            }
        }

        length = 0;
        return false;
    }

    private static string? TryGet(SafeFileHandle file, int flags)
    {
        byte* buffer = stackalloc byte[Header + MaxBytes];
        uint* header = (uint*)buffer;
        header[0] = MaxBytes;
        header[1] = 0;
        return Get(file, "", buffer, out _, flags) == 0
            ? $"{header[1]}:{Convert.ToHexString(new ReadOnlySpan<byte>(buffer + Header, (int)Math.Min(header[0], MaxBytes)))}"
            : null;
    }

    [LibraryImport(Libc.Name, EntryPoint = "name_to_handle_at", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Get(SafeFileHandle directory, string path, byte* handle, out int mount, int flags);
}
