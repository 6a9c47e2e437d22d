using System.IO.MemoryMappedFiles;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Mapping;

/// <summary>A range of a file, mapped with System.IO.MemoryMappedFiles, whose pages Linux lets be replaced.</summary>
internal sealed unsafe class LinuxView : MappedView
{
    /// <summary>Where the BCL stops, with an exception that does not say so.</summary>
    private const long MaxLength = 8L << 40;

    private readonly SafeMemoryMappedViewHandle _view;
    private readonly nuint _length; // whole pages
    private readonly bool _writable;
    private bool _replaced;

    private LinuxView(SafeMemoryMappedViewHandle view, long length, bool writable)
    {
        bool referenced = false;
        view.DangerousAddRef(ref referenced); // The handle's own finalizer must not unmap what is still needed.
        _view = view;
        nuint page = (nuint)Environment.SystemPageSize;
        _length = ((nuint)length + page - 1) & ~(page - 1);
        _writable = writable;
    }

    internal override byte* Start => (byte*)_view.DangerousGetHandle();

    internal override bool DetachUnmaps => false;

    /// <summary>Maps the range shared, excluded from children (MADV_DONTFORK).</summary>
    /// <param name="file">The file, open for what <paramref name="access"/> needs.</param>
    /// <param name="range">The bytes; the offset is page-aligned, the length is positive.</param>
    /// <param name="access">Protection.</param>
    /// <param name="path">For messages.</param>
    /// <returns>The view; its address is that of the range's first byte.</returns>
    /// <exception cref="MapRefusedException">The file does not reach to the range's end.</exception>
    internal static LinuxView Create(SafeFileHandle file, FileRange range, MappingAccess access, string path)
    {
        try
        {
            return CreateOnce(file, range, access);
        }
        catch (Exception exception) when (exception.HResult == Errno.ENOMEM || exception is OutOfMemoryException || range.Length >= MaxLength)
        {
            ReplacedRanges.Collect();
            return CreateAfterCollection(file, range, access, path);
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

    private static LinuxView CreateAfterCollection(SafeFileHandle file, FileRange range, MappingAccess access, string path)
    {
        try
        {
            return CreateOnce(file, range, access);
        }
        catch (Exception exception) when (exception is IOException or OutOfMemoryException)
        {
            // The BCL names neither file nor range, and takes 8 TiB for the end of the address space, whatever the kernel would map.
            throw new IOException($"mmap of '{path}', bytes {range}: there is no address space for so many bytes (ENOMEM); map a part", exception) { HResult = Errno.ENOMEM };
        }
    }

    internal override void Detach()
    {
        // Alive: the view is unmapped by Unmap only, whose caller takes care of the order. In bounds: the kernel has mapped whole pages.
        PageSink.Replace(Start, _length, _writable);
        _replaced = true;
        ReplacedRanges.Add();
    }

    // In bounds: whole pages are mapped. Alive: until Unmap, before which it is unregistered.
    internal override LostPages Contain(FaultHandler.StateBlock* state) => LostPages.Register(Start, (long)_length, _writable, state);

    internal override void Unmap()
    {
        _view.DangerousRelease();
        _view.Dispose();
        if (_replaced)
        {
            ReplacedRanges.Remove();
        }
    }

    internal override int TrySync(long offset, long length)
    {
        // In bounds: the mapping reaches to the end of the last page.
        nuint page = (nuint)Environment.SystemPageSize;
        nuint start = (nuint)offset & ~(page - 1);
        nuint end = ((nuint)(offset + length) + page - 1) & ~(page - 1);
        return Msync.Try(Start + start, end - start);
    }

    internal override int TryPopulate(long offset, long length, bool writing) => Madvise.TryPopulate(Start + offset, (nuint)length, writing);

    private static LinuxView CreateOnce(SafeFileHandle file, FileRange range, MappingAccess access)
    {
        MemoryMappedFileAccess bclAccess = access == MappingAccess.Read ? MemoryMappedFileAccess.Read : MemoryMappedFileAccess.ReadWrite;

        // Capacity 0, never the length: a capacity beyond the end makes the BCL grow a file back that somebody has just truncated.
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(file, null, 0, bclAccess, HandleInheritability.None, leaveOpen: true);

        // The accessor is dropped, not disposed: its Dispose would msync the whole view. The handle alone owns the mapping.
        return new LinuxView(map.CreateViewAccessor(range.Offset, range.Length, bclAccess).SafeMemoryMappedViewHandle, range.Length, access == MappingAccess.ReadWrite);
    }

    private static bool IsTooShort(SafeFileHandle file, FileRange range, string path) => Statx.Of(file, path).Size < range.End;
}
