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
    private const int MaxBytes = 128;

    /// <summary>The handle of an open file, O_PATH or not, as text; null where the file system has none.</summary>
    internal static string? TryGet(SafeFileHandle file) => TryGet(file, AT_EMPTY_PATH) ?? TryGet(file, AT_EMPTY_PATH | AT_HANDLE_FID);

    /// <summary>
    /// Whether two descriptions are of one inode of the kernel. An inode number does not tell: through FUSE two names of a file have one
    /// number, and each an inode with pages and locks of its own. Null where the file system has no handles.
    /// </summary>
    internal static bool? AreOfOneInode(SafeFileHandle first, SafeFileHandle second) =>
        TryGet(first) is { } one && TryGet(second) is { } other ? one == other : null;

    private static string? TryGet(SafeFileHandle file, int flags)
    {
        const int Header = 2 * sizeof(uint);
        byte* buffer = stackalloc byte[Header + MaxBytes];
        uint* header = (uint*)buffer; // struct file_handle: bytes, type, and the bytes
        header[0] = MaxBytes;
        header[1] = 0;
        return Get(file, "", buffer, out _, flags) == 0
            ? $"{header[1]}:{Convert.ToHexString(new ReadOnlySpan<byte>(buffer + Header, (int)Math.Min(header[0], MaxBytes)))}"
            : null;
    }

    [LibraryImport(Libc.Name, EntryPoint = "name_to_handle_at", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Get(SafeFileHandle directory, string path, byte* handle, out int mount, int flags);
}
