using System.IO.MemoryMappedFiles;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Mapping;

/// <summary>Maps a range of a file with System.IO.MemoryMappedFiles.</summary>
internal static class FileView
{
    /// <summary>Maps the range shared, excluded from children (MADV_DONTFORK).</summary>
    /// <param name="file">The file, open for what <paramref name="access"/> needs.</param>
    /// <param name="range">The bytes; the offset is page-aligned, the length is positive.</param>
    /// <param name="access">Protection.</param>
    /// <param name="path">For messages.</param>
    /// <returns>The view; its address is that of the range's first byte.</returns>
    /// <exception cref="MapRefusedException">The file does not reach to the range's end.</exception>
    internal static SafeMemoryMappedViewHandle Create(SafeFileHandle file, FileRange range, MappingAccess access, string path)
    {
        try
        {
            return CreateOnce(file, range, access);
        }
        catch (Exception exception) when (exception.HResult == Errno.ENOMEM || exception is OutOfMemoryException)
        {
            ReplacedRanges.Collect();
            return CreateOnce(file, range, access);
        }
        catch (Exception exception) when (exception is ArgumentException || (exception is UnauthorizedAccessException && IsTooShort(file, range, path)))
        {
            // So the BCL reports an empty file, or a view beyond the end: somebody truncated it after its size was looked at.
            throw new MapRefusedException(path, range, RefusalReason.BeyondEndOfFile);
        }
        catch (UnauthorizedAccessException exception) when (exception.InnerException is IOException { HResult: Errno.EPERM or Errno.EACCES } refused)
        {
            throw Errno.ToException(refused.HResult, "mmap", path, range); // Sealed, or append-only.
        }
    }

    private static SafeMemoryMappedViewHandle CreateOnce(SafeFileHandle file, FileRange range, MappingAccess access)
    {
        MemoryMappedFileAccess bclAccess = access == MappingAccess.Read ? MemoryMappedFileAccess.Read : MemoryMappedFileAccess.ReadWrite;

        // Capacity 0, never the length: a capacity beyond the end makes the BCL grow a file back that somebody has just truncated.
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(file, null, 0, bclAccess, HandleInheritability.None, leaveOpen: true);

        // The accessor is dropped, not disposed: its Dispose would msync the whole view. The handle alone owns the mapping.
        return map.CreateViewAccessor(range.Offset, range.Length, bclAccess).SafeMemoryMappedViewHandle;
    }

    private static bool IsTooShort(SafeFileHandle file, FileRange range, string path) => Statx.Of(file, path).Size < range.End;
}
