using DirectMap.Regions;

namespace DirectMap;

/// <content>Making bytes durable.</content>
public sealed unsafe partial class MappedRegion
{
    /// <summary>Makes the whole region durable, as <see cref="RegionFacts.Durability"/> says.</summary>
    /// <inheritdoc cref="Persist(long, long)"/>
    public void Persist() => Persist(0, _length);

    /// <summary>
    /// Makes bytes durable, as <see cref="RegionFacts.Durability"/> says, and throws when that cannot be known to be done.
    /// </summary>
    /// <remarks>
    /// It is <see cref="WriteBack"/> and <see cref="Drain"/>. Where <see cref="RegionFacts.Granularity"/> is a page, that is msync(2) of
    /// the pages that hold the bytes, and ends only when that is done (and syncs of the file that overlapped it have returned, or a large
    /// one's step, since the kernel may have told one of them of a failure).
    /// </remarks>
    /// <param name="offset">First byte; 0 or more.</param>
    /// <param name="length">Length in bytes; 0 or more. A value of type T has <c>Unsafe.SizeOf&lt;T&gt;()</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie within the region.</exception>
    /// <exception cref="MappingFaultException">
    /// The mapping was revoked, a page was lost, or the file no longer reaches to the last byte (with a granularity smaller than a page: to
    /// the last page). Nothing is promised of the bytes.
    /// </exception>
    /// <exception cref="WritebackFailureException">
    /// Writing back failed (EIO, ENOSPC): now, or at any sync of the file through this library before, since the kernel reports a failure
    /// once and does not say whose bytes were lost. It stays so until it is acknowledged:
    /// <see cref="DirectFile.AcknowledgeWritebackFailure"/>. Only where the granularity is a page.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public void Persist(long offset, long length)
    {
        ThrowIfOutside(offset, length);
        nint word = Volatile.Read(ref _word);
        if (_granularity == PersistGranularity.Page)
        {
            _core.Sync((int*)word, offset, length);
            return;
        }

        StoreEngine.PersistLines(this, word, offset, length);
    }

    /// <remarks>
    /// <inheritdoc cref="Persist(long, long)"/> The wait does not hold the caller's thread: a pool thread makes msync, and calls that come
    /// at the same time for overlapping pages share one: those of up to 8 MiB, and larger ones, which the others do not wait for. With a
    /// granularity smaller than a page there is nothing to wait for, and it is done when the call returns.
    /// </remarks>
    /// <inheritdoc cref="Persist(long, long)"/>
    /// <param name="cancellationToken">Ends the wait; the sync goes on.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task PersistAsync(long offset, long length, CancellationToken cancellationToken = default)
    {
        ThrowIfOutside(offset, length);
        _core.ThrowIfDisposed(offset, length);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled(cancellationToken);
        }

        if (_granularity == PersistGranularity.Page)
        {
            return _core.SyncAsync(Volatile.Read(ref _word), offset, length, cancellationToken);
        }

        try
        {
            Persist(offset, length);
            return Task.CompletedTask;
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
        }
    }

    /// <summary>Makes the whole region durable, without holding the caller's thread.</summary>
    /// <inheritdoc cref="PersistAsync(long, long, CancellationToken)"/>
    public Task PersistAsync(CancellationToken cancellationToken = default) => PersistAsync(0, _length, cancellationToken);

    /// <summary>Begins to make bytes durable; they are so after <see cref="Drain"/>, and not before (pmem2_get_flush_fn, CLWB).</summary>
    /// <remarks>Where <see cref="RegionFacts.Granularity"/> is a page this is all of <see cref="Persist(long, long)"/>.</remarks>
    /// <inheritdoc cref="Persist(long, long)"/>
    public void WriteBack(long offset, long length)
    {
        ThrowIfOutside(offset, length);
        nint word = Volatile.Read(ref _word);
        if (_granularity == PersistGranularity.Page)
        {
            _core.Sync((int*)word, offset, length);
            return;
        }

        StoreEngine.FlushLines(this, offset, length);
        Confirm(word, offset, length, FaultAccess.Persist);
    }

    /// <summary>Waits for what this thread has begun to write back (pmem2_get_drain_fn): a store fence.</summary>
    /// <remarks>Where <see cref="RegionFacts.Granularity"/> is a page there is nothing to wait for.</remarks>
    /// <exception cref="MappingFaultException">The mapping was revoked, or, where a fault reaches the region, a page was lost. Nothing is
    /// promised of what was begun.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public void Drain()
    {
        nint word = Volatile.Read(ref _word);
        if (_granularity != PersistGranularity.Page)
        {
            StoreEngine.Drain();
        }

        Confirm(word, 0, 0, FaultAccess.Persist);
    }

    /// <summary>
    /// Makes bytes as durable as the file can have them, whatever <see cref="RegionFacts.Granularity"/> is (pmem2_deep_flush): msync(2) of
    /// the pages that hold them.
    /// </summary>
    /// <remarks>It makes a system call also where <see cref="RegionFacts.Granularity"/> is smaller than a page.</remarks>
    /// <inheritdoc cref="Persist(long, long)"/>
    public void DeepFlush(long offset, long length)
    {
        ThrowIfOutside(offset, length);
        _core.Sync((int*)Volatile.Read(ref _word), offset, length);
    }

    private void ThrowIfOutside(long offset, long length)
    {
        if (offset < 0 || length < 0 || offset > _length - length)
        {
            ThrowOutOfRange(offset, length);
        }
    }
}
