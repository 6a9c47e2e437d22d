using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using DirectMap.FileSystems;
using DirectMap.Linux;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>
/// A range of a file whose pages Linux lets be replaced: mapped with System.IO.MemoryMappedFiles, or by <see cref="SyncMapping"/>.
/// </summary>
internal sealed unsafe class LinuxView : MappedView
{
    /// <summary>Where the BCL stops, with an exception that does not say so.</summary>
    private const long MaxLength = 8L << 40;

    private readonly SafeHandle _view;
    private readonly nuint _length; // whole pages
    private readonly bool _writable;
    private bool _replaced;

    /// <param name="view">What is mapped; the view's from now on.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="writable">Whether stores may be made.</param>
    /// <param name="syncMissing">Why it is not mapped with MAP_SYNC; null where it is.</param>
    internal LinuxView(SafeHandle view, long length, bool writable, string? syncMissing)
    {
        bool referenced = false;
        view.DangerousAddRef(ref referenced); // The handle's own finalizer must not unmap what is still needed.
        _view = view;
        _length = (nuint)Rounding.PageUp(length);
        _writable = writable;
        SyncMissing = syncMissing;
        MappingCount.Add();
    }

    internal override byte* Start => (byte*)_view.DangerousGetHandle();

    internal override bool DetachUnmaps => false;

    internal override string? SyncMissing { get; }

    /// <summary>Maps the range shared with System.IO.MemoryMappedFiles, excluded from children (MADV_DONTFORK).</summary>
    /// <param name="file">The file, open for what <paramref name="access"/> needs.</param>
    /// <param name="range">The bytes; the offset is page-aligned, the length is positive.</param>
    /// <param name="access">Protection.</param>
    /// <param name="path">For messages.</param>
    /// <param name="syncMissing">Why it is not mapped with MAP_SYNC.</param>
    /// <returns>The view; its address is that of the range's first byte.</returns>
    /// <exception cref="MapRefusedException">The file does not reach to the range's end.</exception>
    internal static LinuxView Create(SafeFileHandle file, FileRange range, MappingAccess access, string path, string syncMissing)
    {
        try
        {
            try
            {
                return CreateOnce(file, range, access, syncMissing);
            }
            catch (Exception exception)
                when (exception.HResult == Errno.ENOMEM || exception is OutOfMemoryException || range.Length >= MaxLength)
            {
                ReplacedRanges.Collect();
                return CreateAfterCollection(file, range, access, syncMissing);
            }
        }
        catch (Exception exception) when (IsBeyondEnd(exception))
        {
            throw new MapRefusedException
            {
                Path = path,
                Range = range,
                Reason = RefusalReason.BeyondEndOfFile
            };
        }
        catch (Exception exception) when (ErrnoOf(exception) is not 0)
        {
            throw Failure(
                exception, path, range, ErrnoOf(exception) == Errno.ENOMEM && KnownFileSystems.Of(file, path).HasHugePages);
        }
    }

    /// <summary>What the BCL says names neither file nor range nor call, and takes EAGAIN for a lock of somebody else.</summary>
    internal static Exception Failure(Exception exception, string path, FileRange range, bool hasHugePages = false) =>
        ErrnoOf(exception) switch
        {
            Errno.ENOMEM when hasHugePages =>
                Errno.ToException(Errno.ENOMEM, "mmap (the pool of huge pages has not as many left: vm.nr_hugepages)", path, range),
            Errno.ENOMEM => Errno.ToException(Errno.ENOMEM, "mmap (there is no address space for so many bytes: map a part)", path, range),

            // FUSE with direct_io, sysfs, and the like.
            Errno.ENODEV => Errno.ToException(Errno.ENODEV, "mmap (the file system maps no file, or not this one)", path, range),

            // RLIMIT_MEMLOCK of a process that locks all of its memory (mlockall).
            Errno.EAGAIN => Errno.ToException(Errno.EAGAIN, "mmap (too much memory is locked)", path, range),
            var errno => Errno.ToException(errno, "mmap", path, range), // EPERM, EACCES: sealed, or append-only.
        };

    /// <summary>
    /// Whether the BCL has found that the file is empty, or ends before the view does: somebody truncated it after its size was looked at.
    /// It says so with exceptions that no error number is behind. How long the file is cannot be asked: it may have grown again meanwhile.
    /// </summary>
    internal static bool IsBeyondEnd(Exception exception) =>
        exception is ArgumentException || (exception is UnauthorizedAccessException && ErrnoOf(exception) == 0);

    /// <summary>
    /// Whether the BCL has found that there are no addresses for so much: it takes 8 TiB for the end of the address space, whatever the
    /// kernel would map, and says so without a number.
    /// </summary>
    internal static bool IsBeyondAddresses(Exception exception) =>
        exception is OutOfMemoryException || (exception is IOException && ErrnoOf(exception) == 0);

    /// <summary>The same with its number.</summary>
    internal static IOException WithoutAddresses(Exception exception) =>
        new(exception.Message, exception) { HResult = Errno.ENOMEM };

    /// <summary>The error number that an exception of the BCL was made of; 0 where it is of its own.</summary>
    internal static int ErrnoOf(Exception exception) => exception switch
    {
        UnauthorizedAccessException { InnerException: IOException { HResult: > 0 and var errno } } => errno,
        IOException { HResult: > 0 and var errno } => errno,
        _ => 0,
    };

    private static LinuxView CreateAfterCollection(
        SafeFileHandle file, FileRange range, MappingAccess access, string syncMissing)
    {
        try
        {
            return CreateOnce(file, range, access, syncMissing);
        }
        catch (Exception exception) when (IsBeyondAddresses(exception))
        {
            throw WithoutAddresses(exception);
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
    internal override ContainedRange Contain(FaultHandler.StateBlock* state) =>
        ContainedRange.Register(Start, (long)_length, _writable, isSync: SyncMissing is null, state);

    internal override void Unmap()
    {
        LeaveAddresses();
        _view.DangerousRelease();
        _view.Dispose();
        MappingCount.Remove();
        if (_replaced)
        {
            ReplacedRanges.Remove();
        }
    }

    internal override int TrySync(long offset, long length)
    {
        // In bounds: the mapping reaches to the end of the last page.
        FileRange pages = Rounding.WholePages(new FileRange(offset, length));
        return Msync.Try(Start + pages.Offset, (nuint)pages.Length);
    }

    internal override int TryPopulate(long offset, long length, bool writing) =>
        Madvise.TryPopulate(Start + offset, (nuint)length, writing);

    private static LinuxView CreateOnce(SafeFileHandle file, FileRange range, MappingAccess access, string syncMissing)
    {
        MemoryMappedFileAccess bclAccess = access == MappingAccess.Read ? MemoryMappedFileAccess.Read : MemoryMappedFileAccess.ReadWrite;

        // Capacity 0, never the length: a capacity beyond the end makes the BCL grow a file back that somebody has just truncated.
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(file, null, 0, bclAccess, HandleInheritability.None, leaveOpen: true);
        OnMeasured();

        // The accessor is dropped, not disposed: its Dispose would msync the whole view. The handle alone owns the mapping.
        return new LinuxView(
            map.CreateViewAccessor(range.Offset, range.Length, bclAccess).SafeMemoryMappedViewHandle,
            range.Length,
            access == MappingAccess.ReadWrite,
            syncMissing);
    }
}
