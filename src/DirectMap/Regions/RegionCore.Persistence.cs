using DirectMap.Durability;
using DirectMap.Linux;
using DirectMap.Mapping;

namespace DirectMap.Regions;

/// <content>How bytes become durable by pages, which is by msync.</content>
internal sealed partial class RegionCore
{
    private SyncQueue? _syncs;

    /// <summary>Makes the range durable: msync, and all that tells whether it was worth anything.</summary>
    internal unsafe void Sync(int* word, long offset, long length)
    {
        AssertWithin(offset, length);
        FileRange range = new(Facts.Range.Offset + offset, length);
        ThrowIfGone(range);
        long before = _failures.Last;
        long began = Events.PersistBegins();
        int errno = SyncPages(offset, length);
        ThrowIfNotDurable(word, range, errno, before);
        Events.Persisted(began, length);
    }

    /// <summary>
    /// The same, for a caller that does not wait in it: what it shares with others that came at the same time is done once.
    /// </summary>
    internal async Task SyncAsync(nint word, long offset, long length, CancellationToken cancellationToken)
    {
        AssertWithin(offset, length);
        FileRange range = new(Facts.Range.Offset + offset, length);
        ThrowIfGone(range);
        cancellationToken.ThrowIfCancellationRequested();
        long before = _failures.Last;
        long began = Events.PersistBegins();
        int errno = await Syncs().SyncAsync(offset, length).WaitAsync(cancellationToken).ConfigureAwait(false);
        Check();
        Events.Persisted(began, length);

        unsafe void Check() => ThrowIfNotDurable((int*)word, range, errno, before);
    }

    private SyncQueue Syncs() =>
        Volatile.Read(ref _syncs) ?? Interlocked.CompareExchange(ref _syncs, new SyncQueue(SyncPages), null) ?? _syncs;

    /// <returns>0, or the error number.</returns>
    private int SyncPages(long offset, long length)
    {
        // In bounds: the callers have checked offset and length against the region. Alive: this object is, until KeepAlive.
        bool writesMore = WritesMore(offset, length);
        int sync = _inode.Inode.Syncs.Begin();
        int errno = Errno.EBADF;
        try
        {
            FileRange range = new(Facts.Range.Offset + offset, length);
            int told = _inode.Inode.WriteInSteps(sync, _inode.File, range);
            errno = told != 0 ? told : errno; // Whatever comes now.
            int synced = Mapping.TrySync(offset, length);
            errno = told != 0 ? told : synced;
        }
        finally
        {
            _inode.Inode.EndSync(sync, errno);
        }

        if (writesMore && errno == 0)
        {
            _folios!.SplitAt(offset, length); // Only what is clean can be split.
        }

        GC.KeepAlive(this);
        return errno;
    }

    /// <summary>
    /// What is asked after a sync: msync of pages that were replaced meanwhile succeeds, and so does msync beyond the end of a file that
    /// was truncated meanwhile.
    /// </summary>
    private unsafe void ThrowIfNotDurable(int* word, FileRange range, int errno, long before)
    {
        int statErrno = TryGetSize(out long size);
        Volatile.ReadBarrier();
        if (*word > (int)MappingLife.Releasing)
        {
            Confirm(word, range.Offset - Facts.Range.Offset, range.Length, FaultAccess.Persist);
        }

        _failures.ThrowIfFailed(errno, before, "msync", Facts.Path, range);
        if (statErrno != 0)
        {
            throw Errno.ToException(statErrno, "statx", Facts.Path, range);
        }

        if (size < range.End)
        {
            throw Events.Faulted(
                new MappingFaultException
                {
                    Path = Facts.Path,
                    Cause = FaultCause.BeyondEndOfFile,
                    Access = FaultAccess.Persist,
                    Range = range,
                    Extent = _faults.TryGetExtent(range.Offset),
                });
        }
    }

    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    internal void ThrowIfDisposed(long offset, long length)
    {
        if (Life == MappingLife.Disposed)
        {
            throw Fault(new FileRange(Facts.Range.Offset + offset, length), FaultAccess.Persist, isMade: false);
        }
    }

    private void ThrowIfGone(FileRange range)
    {
        if (Life > MappingLife.Releasing)
        {
            throw Fault(range, FaultAccess.Persist, isMade: false);
        }
    }
}
