using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <content>Operations on the file. Those that change its layout or content break the leases of other owners first.</content>
public sealed partial class DirectFile
{
    /// <summary>Reads bytes with pread(2). Breaks no lease.</summary>
    /// <param name="buffer">Where to put them.</param>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <returns>How many were read; fewer than asked for only at the end of the file.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is negative.</exception>
    /// <exception cref="IOException">Reading failed.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public int Read(Span<byte> buffer, long offset)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int errno = PositionedIO.TryRead(File, buffer, offset, out int count);
        GC.KeepAlive(this);
        return errno == 0 ? count : throw Errno.ToException(errno, "pread", Path, RangeOf(offset, buffer.Length));
    }

    /// <summary>Makes everything that was written to the file so far durable, by whatever way, with fsync(2). Breaks no lease.</summary>
    /// <exception cref="IOException">
    /// Writing back failed (EIO, ENOSPC): now, or at any sync of the file through this library since this object was opened, since the kernel reports a failure once and does not
    /// try again what failed. Every region that was mapped then says so at each of its persists. After making the bytes good, open and map anew.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void Flush()
    {
        SafeFileHandle file = File;
        int sync = _inode.Inode.Syncs.Begin();
        int errno = Errno.EBADF; // disposed meanwhile
        try
        {
            errno = Fsync.Try(file);
        }
        finally
        {
            _inode.Inode.EndSync(sync, errno);
        }

        ThrowOn(errno, "fsync", FileRange.Whole);
        if (_inode.Inode.Syncs.LastFailure is { } failure && failure.Number != _writebackFailuresBefore)
        {
            ThrowOn(failure.Errno, "writing back (noticed by an earlier sync of the file)", FileRange.Whole);
        }
    }

    /// <summary><see cref="Flush"/> on a pool thread.</summary>
    /// <param name="cancellationToken">Ends it before it begins; fsync itself is not interrupted.</param>
    /// <inheritdoc cref="Flush"/>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task FlushAsync(CancellationToken cancellationToken = default) => Task.Run(Flush, cancellationToken);

    /// <summary>Writes bytes with pwrite(2); grows the file where they reach beyond its end. When the device is full, some of them may have been written.
    /// They are durable after <see cref="Flush"/>.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void Write(ReadOnlySpan<byte> data, long offset, BreakOptions? options = null)
    {
        FileRange range = RangeOf(offset, data.Length);
        using ILayoutBreak right = Coordinator.Break(Request(LayoutOperation.Write, range, takesBlocksAway: false, options));
        ThrowOn(PositionedIO.TryWrite(File, data, offset, out _), "pwrite", range);
    }

    /// <summary>Writes bytes with pwrite(2); grows the file where they reach beyond its end. When the device is full, some of them may have been written.
    /// They are durable after <see cref="Flush"/>.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has begun is not interrupted.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.</exception>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> data, long offset, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = new(LayoutOperation.Write, RangeOf(offset, data.Length), "pwrite", file => PositionedIO.TryWrite(file, data.Span, offset, out _));
        return PerformAsync(() => change, options, cancellationToken);
    }

    /// <summary>Allocates blocks with fallocate(2); grows the file where they reach beyond its end. New blocks are unwritten extents, which
    /// read as zeros and cannot be mapped directly for writing: write zeros to them first.</summary>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void Allocate(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Allocation(offset, length);
        Perform(() => change, options);
    }

    /// <summary>Allocates blocks with fallocate(2); grows the file where they reach beyond its end. New blocks are unwritten extents, which
    /// read as zeros and cannot be mapped directly for writing: write zeros to them first.</summary>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has begun is not interrupted.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.</exception>
    public ValueTask AllocateAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Allocation(offset, length);
        return PerformAsync(() => change, options, cancellationToken);
    }

    /// <summary>Gives blocks back with fallocate(2), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE. The bytes read as zeros afterwards; the file's length stays.</summary>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An offset or length is negative, zero where it must be positive, or their sum overflows.</exception>
    /// <exception cref="LeaseConflictException">
    /// Another owner holds the layout exclusively (ETXTBSY); leases are in the way and the caller does not wait (EWOULDBLOCK); this object has mapped what the operation would take away (EBUSY); its own lease is being broken, or it
    /// would wait inside a break callback (EDEADLK); a holder could not be invalidated (EIO). Nothing was changed.
    /// </exception>
    /// <exception cref="TimeoutException"><see cref="BreakOptions.Timeout"/> has passed. Nothing was changed; the break goes on.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading only (EBADF), or is immutable (EPERM).</exception>
    /// <exception cref="NotSupportedException">The file system cannot do it (EOPNOTSUPP).</exception>
    /// <exception cref="IOException">The operation failed (ENOSPC, EIO, EFBIG).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void PunchHole(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Hole(offset, length);
        Perform(() => change, options);
    }

    /// <summary>Gives blocks back with fallocate(2), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE. The bytes read as zeros afterwards; the file's length stays.</summary>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has begun is not interrupted.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.</exception>
    public ValueTask PunchHoleAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Hole(offset, length);
        return PerformAsync(() => change, options, cancellationToken);
    }

    /// <summary>Takes bytes out with fallocate(2), FALLOC_FL_COLLAPSE_RANGE: what lies behind them moves up, and the file gets shorter. Touches everything from <paramref name="offset"/> on.
    /// Not every file system can (ext4 and XFS can).</summary>
    /// <param name="offset">First byte to take out; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size. What is taken out must end before the end of the file: <see cref="SetLength"/> takes the end away.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="ArgumentException">The file system refuses offset and length (EINVAL). Nothing was changed.</exception>
    public void CollapseRange(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = CollapseRangeChange(offset, length);
        Perform(() => change, options);
    }

    /// <summary>Takes bytes out with fallocate(2), FALLOC_FL_COLLAPSE_RANGE: what lies behind them moves up, and the file gets shorter. Touches everything from <paramref name="offset"/> on.
    /// Not every file system can (ext4 and XFS can).</summary>
    /// <param name="offset">First byte to take out; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size. What is taken out must end before the end of the file: <see cref="SetLength"/> takes the end away.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has begun is not interrupted.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="ArgumentException">The file system refuses offset and length (EINVAL). Nothing was changed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.</exception>
    public ValueTask CollapseRangeAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = CollapseRangeChange(offset, length);
        return PerformAsync(() => change, options, cancellationToken);
    }

    /// <summary>Puts a hole in with fallocate(2), FALLOC_FL_INSERT_RANGE: what lies behind it moves back, and the file gets longer. Touches everything from <paramref name="offset"/> on.
    /// Not every file system can (ext4 and XFS can).</summary>
    /// <param name="offset">Where to put it; 0 or more, a multiple of the file system's block size, before the end of the file.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="ArgumentException">The file system refuses offset and length (EINVAL). Nothing was changed.</exception>
    public void InsertRange(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = InsertRangeChange(offset, length);
        Perform(() => change, options);
    }

    /// <summary>Puts a hole in with fallocate(2), FALLOC_FL_INSERT_RANGE: what lies behind it moves back, and the file gets longer. Touches everything from <paramref name="offset"/> on.
    /// Not every file system can (ext4 and XFS can).</summary>
    /// <param name="offset">Where to put it; 0 or more, a multiple of the file system's block size, before the end of the file.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has begun is not interrupted.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="ArgumentException">The file system refuses offset and length (EINVAL). Nothing was changed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.</exception>
    public ValueTask InsertRangeAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = InsertRangeChange(offset, length);
        return PerformAsync(() => change, options, cancellationToken);
    }

    /// <summary>Sets the file's length with ftruncate(2). Bytes beyond a shorter one are lost; what a longer one adds is a hole.</summary>
    /// <param name="length">The new length in bytes; 0 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void SetLength(long length, BreakOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Perform(() => Truncation(length), options);
    }

    /// <summary>Sets the file's length with ftruncate(2). Bytes beyond a shorter one are lost; what a longer one adds is a hole.</summary>
    /// <param name="length">The new length in bytes; 0 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has begun is not interrupted.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.</exception>
    public ValueTask SetLengthAsync(long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return PerformAsync(() => Truncation(length), options, cancellationToken);
    }

    private static LayoutChange Allocation(long offset, long length)
    {
        FileRange range = NonEmptyRangeOf(offset, length);
        return new(LayoutOperation.Allocate, range, "fallocate", file => Fallocate.Try(file, Fallocate.FallocateMode.Allocate, range));
    }

    private static LayoutChange Hole(long offset, long length)
    {
        FileRange range = NonEmptyRangeOf(offset, length);
        return new(
            LayoutOperation.PunchHole,
            range,
            "fallocate (punch hole)",
            file => Fallocate.Try(file, Fallocate.FallocateMode.FALLOC_FL_PUNCH_HOLE | Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE, range),
            TakesBlocksAway: true);
    }

    private static LayoutChange CollapseRangeChange(long offset, long length) =>
        Shift(LayoutOperation.CollapseRange, Fallocate.FallocateMode.FALLOC_FL_COLLAPSE_RANGE, "fallocate (collapse range)", NonEmptyRangeOf(offset, length));

    private static LayoutChange InsertRangeChange(long offset, long length) =>
        Shift(LayoutOperation.InsertRange, Fallocate.FallocateMode.FALLOC_FL_INSERT_RANGE, "fallocate (insert range)", NonEmptyRangeOf(offset, length));

    /// <summary>What moves the rest of the file touches all of it.</summary>
    private static LayoutChange Shift(LayoutOperation operation, Fallocate.FallocateMode mode, string call, FileRange range) =>
        new(operation, FileRange.From(range.Offset), call, file => Fallocate.Try(file, mode, range), TakesBlocksAway: true);

    /// <summary>Truncation touches everything from the smaller one of the two lengths on, so what it touches depends on the length, which may change until it has the right.</summary>
    private LayoutChange Truncation(long length)
    {
        long current = Length;
        FileRange range = FileRange.From(Math.Min(current, length));
        return new(
            LayoutOperation.SetLength,
            range,
            "ftruncate",
            file => IsAnother(Length) ? LayoutChange.RangeHasChanged : Ftruncate.Try(file, length),
            TakesBlocksAway: length < current);

        // It would touch more than it has the right for, or has become a shrinking one, which the owner's own regions have a say in.
        bool IsAnother(long now) => Math.Min(now, length) < range.Offset || (length < now && length >= current);
    }

    private void Perform(Func<LayoutChange> plan, BreakOptions? options)
    {
        Patience patience = new(Coordinator.TimeProvider, options);
        LayoutChange change;
        int errno;
        do
        {
            change = plan();
            using ILayoutBreak right = Coordinator.Break(Request(change.Operation, change.Range, change.TakesBlocksAway, patience.Left()));
            errno = change.Apply(File);
        }
        while (errno == LayoutChange.RangeHasChanged);
        ThrowIfArgumentsRefused(errno, change);
        ThrowOn(errno, change.Call, change.Range);
    }

    private async ValueTask PerformAsync(Func<LayoutChange> plan, BreakOptions? options, CancellationToken cancellationToken)
    {
        Patience patience = new(Coordinator.TimeProvider, options);
        LayoutChange change;
        int errno;
        do
        {
            change = plan();
            BreakRequest request = Request(change.Operation, change.Range, change.TakesBlocksAway, patience.Left());
            using ILayoutBreak right = await Coordinator.BreakAsync(request, cancellationToken).ConfigureAwait(false);
            errno = await Task.Run(() => change.Apply(File), CancellationToken.None).ConfigureAwait(false);
        }
        while (errno == LayoutChange.RangeHasChanged);
        ThrowIfArgumentsRefused(errno, change);
        ThrowOn(errno, change.Call, change.Range);
    }

    private BreakRequest Request(LayoutOperation operation, FileRange range, bool takesBlocksAway, BreakOptions? options)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
        if (_access == FileAccess.Read)
        {
            throw new UnauthorizedAccessException($"'{Path}' was opened for reading only: no {operation} (EBADF)") { HResult = Errno.EBADF };
        }

        return new BreakRequest
        {
            File = Id,
            Owner = _owner,
            Operation = operation,
            Range = range,
            TakesBlocksAway = takesBlocksAway,
            Breaker = Description,
            Options = options ?? BreakOptions.Default,
        };
    }

    private void ThrowOn(int errno, string call, FileRange range)
    {
        GC.KeepAlive(this);
        if (errno != 0)
        {
            throw Errno.ToException(errno, call, Path, range);
        }
    }

    private void ThrowIfArgumentsRefused(int errno, LayoutChange change)
    {
        if (errno == Errno.EINVAL && change.Operation is LayoutOperation.CollapseRange or LayoutOperation.InsertRange)
        {
            throw new ArgumentException(
                $"{change.Call} of '{Path}' from {change.Range.Offset} on: the file system refuses offset and length; they must be multiples of its block size, and end before the end of the file (insert: begin before it) (EINVAL)")
            {
                HResult = errno,
            };
        }
    }

    private static FileRange RangeOf(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, long.MaxValue - length);
        return new FileRange(offset, length);
    }

    private static FileRange NonEmptyRangeOf(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        return RangeOf(offset, length);
    }
}
