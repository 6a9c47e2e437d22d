using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap;

/// <content>How bytes become durable.</content>
internal sealed partial class RegionCore
{
    /// <summary>Makes the range durable.</summary>
    internal unsafe void Persist(int* word, long offset, long length)
    {
        FileRange range = new(Facts.Range.Offset + offset, length);
        ThrowIfGone(range);
        long began = Events.PersistBegins();

        // In bounds: the caller has checked offset and length against the region. Alive: this object is, until KeepAlive.
        int sync = _inode.Inode.Syncs.Begin();
        int errno = Mapping.TrySync(offset, length);
        _inode.Inode.EndSync(sync, errno);
        int statErrno = TryGetSize(out long size);

        // Only now: msync of pages that were replaced meanwhile succeeds, and so does msync beyond the end of a file that was truncated meanwhile.
        Volatile.ReadBarrier();
        if (*word > (int)RegionWord.Releasing)
        {
            Confirm(word, offset, length, FaultAccess.Persist);
        }

        _failures.ThrowIfFailed(errno, "msync", Facts.Path, range);

        if (statErrno != 0)
        {
            throw Errno.ToException(statErrno, "statx", Facts.Path, range);
        }

        if (size < range.End)
        {
            throw Events.Faulted(new MappingFaultException(Facts.Path, FaultCause.BeyondEndOfFile, FaultAccess.Persist, range, extent: TryGetExtent(range)));
        }

        GC.KeepAlive(this);
        Events.Persisted(began, length);
    }

    private void ThrowIfGone(FileRange range)
    {
        if (Word > RegionWord.Releasing)
        {
            throw Fault(range, FaultAccess.Persist);
        }
    }
}
