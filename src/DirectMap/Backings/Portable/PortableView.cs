using System.IO.MemoryMappedFiles;
using DirectMap.Mapping;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.Backings;

/// <summary>A range of a file, mapped with System.IO.MemoryMappedFiles and nothing else.</summary>
internal sealed unsafe class PortableView : MappedView
{
    /// <summary>
    /// Where a view may begin on every system: Windows' allocation granularity. The BCL would begin elsewhere than it is asked to.
    /// </summary>
    private const long Granularity = 64 << 10;

    private readonly MemoryMappedViewAccessor _accessor;
    private readonly SafeMemoryMappedViewHandle _view;
    private readonly long _before; // bytes of the view before the range
    private bool _isMapped = true;

    private PortableView(SafeFileHandle file, string path, long fileOffset, MemoryMappedViewAccessor accessor, long before)
    {
        bool referenced = false;
        // The handle's own finalizer must not unmap what is still needed.
        accessor.SafeMemoryMappedViewHandle.DangerousAddRef(ref referenced);
        File = file;
        Path = path;
        FileOffset = fileOffset;
        _accessor = accessor;
        _view = accessor.SafeMemoryMappedViewHandle;
        _before = before;
        MappingCount.Add();
    }

    internal SafeFileHandle File { get; }

    internal string Path { get; }

    /// <summary>Where the range begins in the file.</summary>
    internal long FileOffset { get; }

    internal override byte* Start => (byte*)_view.DangerousGetHandle() + _before;

    internal override bool DetachUnmaps => true;

    internal override string SyncMissing => "System.IO.MemoryMappedFiles does not know MAP_SYNC";

    /// <summary>Maps the range shared.</summary>
    /// <exception cref="MapRefusedException">The file does not reach to the range's end.</exception>
    internal static PortableView Create(SafeFileHandle file, FileRange range, MappingAccess access, string path)
    {
        MemoryMappedFileAccess bclAccess = access == MappingAccess.Read ? MemoryMappedFileAccess.Read : MemoryMappedFileAccess.ReadWrite;
        long before = range.Offset % Granularity;
        try
        {
            // Capacity 0, never the length: a capacity beyond the end makes the BCL grow a file back that somebody has just truncated.
            using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
                file, null, 0, bclAccess, HandleInheritability.None, leaveOpen: true);
            OnMeasured();
            return new PortableView(
                file, path, range.Offset, map.CreateViewAccessor(range.Offset - before, range.Length + before, bclAccess), before);
        }
        catch (Exception exception)
            when (OperatingSystem.IsLinux()
                ? LinuxView.IsBeyondEnd(exception)
                : exception is ArgumentException
                    || (exception is UnauthorizedAccessException && RandomAccess.GetLength(file) < range.End))
        {
            // So the BCL reports an empty file, or a view beyond the end. Elsewhere it is also what it reports of a missing right.
            throw new MapRefusedException
            {
                Path = path,
                Range = range,
                Reason = RefusalReason.BeyondEndOfFile
            };
        }
        catch (Exception exception) when (OperatingSystem.IsLinux() && LinuxView.ErrnoOf(exception) != 0)
        {
            throw LinuxView.Failure(exception, path, range); // Elsewhere the numbers are others.
        }
        catch (Exception exception) when (OperatingSystem.IsLinux() && LinuxView.IsBeyondAddresses(exception))
        {
            throw LinuxView.Failure(LinuxView.WithoutAddresses(exception), path, range);
        }
    }

    internal override void Detach() => Unmap();

    internal override void Unmap()
    {
        // The accessor is dropped, not disposed: its Dispose would flush the whole view. A sync that is under way keeps the
        // view until it is done.
        if (_isMapped)
        {
            _isMapped = false;
            LeaveAddresses();
            _view.DangerousRelease();
            _view.Dispose();
            MappingCount.Remove();
        }
    }

    /// <summary>
    /// Flushes the whole view, since the BCL knows no ranges, and then the file, since on some systems the view's flush
    /// only begins the writing.
    /// </summary>
    internal override int TrySync(long offset, long length) => PortableErrors.OfSync(() =>
    {
        _accessor.Flush();
        RandomAccess.FlushToDisk(File);
    });

    internal override int TryPopulate(long offset, long length, bool writing)
    {
        // In bounds: the caller's bytes lie within the view, which ends with a page; a page holds a whole int at each multiple of its
        // size. Alive until Unmap.
        for (long at = offset; at < offset + length; at += Environment.SystemPageSize)
        {
            ref int first = ref *(int*)(Start + at);
            // A store that changes nothing, whoever else stores there just then.
            _ = writing ? Interlocked.Or(ref first, 0) : Volatile.Read(ref first);
        }

        return 0;
    }
}
