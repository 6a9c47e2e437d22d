using System.Runtime.CompilerServices;
using DirectMap.Faults;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <content>Pages that were lost: what an access that met one is told, and how they come back.</content>
internal sealed partial class RegionCore
{
    /// <summary>Whether a lost page has made the whole region unusable.</summary>
    private bool IsFaulted
    {
        get
        {
            bool isLost = _lostPages.IsRegionLost;
            GC.KeepAlive(this);
            return isLost;
        }
    }

    /// <summary>
    /// Whether what an access met was the file's, when the word was not as it should be. The access was made already, and
    /// <paramref name="word"/> is what the region's word was before it: see <see cref="RegionMapping"/>.
    /// </summary>
    /// <exception cref="MappingFaultException">It touched a lost page, or the mapping was revoked.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)] // At every access, and hardly ever called.
    internal unsafe void Confirm(int* word, long offset, long length, FaultAccess access) =>
        Confirm(word, offset, length, access, offset, length);

    /// <summary>The same for an access of which only a part was made so far.</summary>
    internal unsafe void Confirm(int* word, long offset, long length, FaultAccess access, long madeFrom, long made)
    {
        FileRange range = new(Facts.Range.Offset + offset, length);
        if (Word > RegionWord.Releasing)
        {
            throw Fault(range, access);
        }

        if (_lostPages.Find(word, madeFrom, made) is { } diagnosis)
        {
            throw Events.Faulted(diagnosis.ToException(Facts.Path, access, range));
        }

        GC.KeepAlive(this);
    }

    /// <summary>What is lost now, as bytes of the file.</summary>
    internal FileRange[] LostRanges()
    {
        FileRange[] lost = _lostPages.Ranges();
        GC.KeepAlive(this);
        return lost;
    }

    /// <summary>
    /// Maps the file again where pages were lost. Only restorations wait for it: what takes long is done without the gates.
    /// </summary>
    internal FileRange[] Restore(MappedRegion region)
    {
        lock (_restoration)
        {
            FileRange[] lost = LostRanges();
            ThrowIfGone(); // Of a region that is gone nothing is lost, and nothing came back either.
            if (lost.Length == 0)
            {
                return [];
            }

            try
            {
                List<LostPages.Run> noted = _lostPages.ToBeAskedFor();
                CheckBeforeRestoring(lost, [.. noted.Select(_diagnosis.RangeOf)]);
                MapAgain(region, new LostPageProbe(Facts, _inode).Ask(noted, ThrowIfGone));
            }
            catch (ObjectDisposedException) when (Word > RegionWord.Releasing)
            {
                // The file was disposed together with the region, which is said next.
            }

            lost = LostRanges();
            ThrowIfGone(); // As above.
            return lost;
        }
    }

    private unsafe void MapAgain(MappedRegion region, ReadOnlySpan<long> good)
    {
        if (Mapping.TryRestore(_inode.File, Facts.Range.Offset, good, out int errno, out int* word))
        {
            region.Publish((nint)word); // Before anybody else can restore.
        }

        if (errno != 0)
        {
            throw Errno.ToException(errno, "mmap", Facts.Path, Facts.Range);
        }
    }

    private void ThrowIfGone()
    {
        if (Word > RegionWord.Releasing)
        {
            throw Fault(Facts.Range, FaultAccess.Restore);
        }
    }

    /// <summary>A page that is restored is asked of the file system as by a store, so it must be one that a store may ask for.</summary>
    private void CheckBeforeRestoring(FileRange[] lost, FileRange[] noted)
    {
        int errno = TryGetSize(out long size);
        if (errno != 0)
        {
            throw Word > RegionWord.Releasing
                ? Fault(Facts.Range, FaultAccess.Restore)
                : Errno.ToException(errno, "statx", Facts.Path, Facts.Range);
        }

        if (_checkExtents is not null)
        {
            foreach (FileRange range in Within(lost, size))
            {
                _checkExtents(range);
            }
        }

        if (_guard is not null)
        {
            // What was taken along is judged when it is accessed.
            _guard.Forget();
            foreach (FileRange range in Within(noted, size))
            {
                Judge(range.Offset - Facts.Range.Offset, range.Length, FaultAccess.Restore);
            }
        }
    }

    private static IEnumerable<FileRange> Within(FileRange[] ranges, long size) =>
        from range in ranges
        where range.Offset < size
        select new FileRange(range.Offset, Math.Min(range.End, size) - range.Offset);

    /// <summary>A copy by system call met a page that is not there.</summary>
    internal MappingFaultException CopyFault(FileRange range, FileRange lost, FaultAccess access) =>
        Events.Faulted(_diagnosis.Diagnose(lost, FaultCode.None).ToException(Facts.Path, access, range));
}
