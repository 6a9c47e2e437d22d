using DirectMap.Files;
using DirectMap.Layout;
using DirectMap.Linux;

namespace DirectMap;

/// <content>fallocate(2) in each of its modes, and ftruncate(2).</content>
public sealed partial class DirectFile
{
    /// <summary>Allocates blocks with fallocate(2); grows the file where they reach beyond its end. New blocks are unwritten extents, which
    /// read as zeros and cannot be mapped directly for writing: <see cref="Prepare"/> turns them into written ones.</summary>
    /// <inheritdoc cref="PunchHole"/>
    public void Allocate(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Allocation(offset, length, keepSize: false);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="Allocate(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask AllocateAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Allocation(offset, length, keepSize: false);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Allocates blocks with fallocate(2), FALLOC_FL_KEEP_SIZE: also beyond the end of the file, whose length stays. New
    /// blocks are unwritten extents, which read as zeros and cannot be mapped directly for writing: <see cref="Prepare"/>
    /// turns them into written ones.
    /// </summary>
    /// <inheritdoc cref="PunchHole"/>
    public void AllocateKeepSize(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Allocation(offset, length, keepSize: true);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="AllocateKeepSize(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask AllocateKeepSizeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Allocation(offset, length, keepSize: true);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Gives blocks back with fallocate(2), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE. The bytes read as zeros afterwards; the
    /// file's length stays.
    /// </summary>
    /// <param name="offset">First byte in the file; 0 or more.</param>
    /// <param name="length">Length in bytes; 1 or more.</param>
    /// <param name="options">How to wait for the holders of leases; null to wait as long as it takes.</param>
    /// <exception cref="ArgumentException">The file system refuses the arguments (EINVAL). Nothing was changed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An offset or length is negative, zero where it must be positive, or
    /// their sum overflows.</exception>
    /// <exception cref="LeaseConflictException">
    /// Another owner holds the layout exclusively (ETXTBSY); leases are in the way and the caller does not wait (EWOULDBLOCK); this object
    /// has mapped what the operation would take away (EBUSY); its own lease is being broken, or it would wait inside a break callback
    /// (EDEADLK); a holder could not be invalidated (EIO). Nothing was changed.
    /// </exception>
    /// <exception cref="TimeoutException"><see cref="BreakOptions.Timeout"/> has passed. Nothing was
    /// changed; the break goes on.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading only (EBADF), or is immutable,
    /// append-only or sealed (EPERM).</exception>
    /// <exception cref="NotSupportedException">The file system cannot do it (EOPNOTSUPP).</exception>
    /// <exception cref="IOException">The operation failed (ENOSPC, EIO), the file is in use as swap space (ETXTBSY), or it would get larger
    /// than the file system or the process's RLIMIT_FSIZE allows (EFBIG).</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void PunchHole(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Hole(offset, length);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="PunchHole(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask PunchHoleAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Hole(offset, length);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Makes bytes zeros with fallocate(2), FALLOC_FL_ZERO_RANGE, mostly by making their blocks unwritten extents; grows the file where
    /// they reach beyond its end. Not every file system can (ext4, XFS and btrfs can).
    /// </summary>
    /// <inheritdoc cref="PunchHole"/>
    public void ZeroRange(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Zeroing(offset, length, keepSize: false);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="ZeroRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask ZeroRangeAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Zeroing(offset, length, keepSize: false);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Makes bytes zeros with fallocate(2), FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, mostly by making their blocks unwritten extents;
    /// the file's length stays. Not every file system can (ext4, XFS and btrfs can).
    /// </summary>
    /// <inheritdoc cref="PunchHole"/>
    public void ZeroRangeKeepSize(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Zeroing(offset, length, keepSize: true);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="ZeroRangeKeepSize(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask ZeroRangeKeepSizeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Zeroing(offset, length, keepSize: true);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Takes bytes out with fallocate(2), FALLOC_FL_COLLAPSE_RANGE: what lies behind them moves up, and the file gets shorter. Touches
    /// everything from <paramref name="offset"/> on. Not every file system can (ext4 and XFS can).
    /// </summary>
    /// <param name="offset">First byte to take out; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size. What is taken out must end before the end of the file:
    /// <see cref="SetLength"/> takes the end away.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void CollapseRange(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Collapse(offset, length);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="CollapseRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask CollapseRangeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Collapse(offset, length);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Puts a hole in with fallocate(2), FALLOC_FL_INSERT_RANGE: what lies behind it moves back, and the file gets longer. Touches
    /// everything from <paramref name="offset"/> on. Not every file system can (ext4 and XFS can).
    /// </summary>
    /// <param name="offset">Where to put it; 0 or more, a multiple of the file system's block size, before the end of the file.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void InsertRange(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Insertion(offset, length);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="InsertRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask InsertRangeAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Insertion(offset, length);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Gives bytes blocks of their own with fallocate(2), FALLOC_FL_UNSHARE_RANGE, where they share some with another file or range
    /// (reflink); fills holes. Contents stay. Not every file system can (XFS can; <see cref="Prepare"/> works on others, too).
    /// </summary>
    /// <inheritdoc cref="PunchHole"/>
    public void UnshareRange(long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Unsharing(offset, length);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="UnshareRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask UnshareRangeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Unsharing(offset, length);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>Sets the file's length with ftruncate(2). Bytes beyond a shorter one are lost; what a longer one adds is a hole.</summary>
    /// <param name="length">The new length in bytes; 0 or more.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void SetLength(long length, BreakOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _operations.Perform(() => Truncation(length), options);
    }

    /// <inheritdoc cref="SetLength(long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask SetLengthAsync(long length, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return _operations.PerformAsync(() => Truncation(length), options, cancellationToken);
    }

    private LayoutChange Allocation(long offset, long length, bool keepSize)
    {
        FileRange range = NonEmptyRangeOf(offset, length);
        Fallocate.FallocateMode mode = keepSize ? Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE : Fallocate.FallocateMode.Allocate;
        return new(
            LayoutOperation.Allocate,
            range,
            keepSize ? "fallocate (keep size)" : "fallocate",
            file => file.TryAllocate(mode, range))
        {
            GrowsTo = keepSize ? 0 : range.End,
            ReachesTo = keepSize && MayLimitKeptSize() ? range.End : 0,
        };
    }

    /// <summary>
    /// tmpfs holds RLIMIT_FSIZE also against what is allocated behind the end of a file whose length stays, and a file system that is not
    /// known may have a tmpfs below.
    /// </summary>
    private bool MayLimitKeptSize() =>
        Backing.MaxFileSize < long.MaxValue
        && File.FileSystem is { IsVolatile: true } or { Stability: BlockMapStability.Unverified };

    private static LayoutChange Hole(long offset, long length)
    {
        FileRange range = NonEmptyRangeOf(offset, length);
        return new(
            LayoutOperation.PunchHole,
            range,
            "fallocate (punch hole)",
            file => file.TryAllocate(
                Fallocate.FallocateMode.FALLOC_FL_PUNCH_HOLE | Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE,
                range),
            TakesBlocksAway: true);
    }

    private static LayoutChange Zeroing(long offset, long length, bool keepSize)
    {
        FileRange range = NonEmptyRangeOf(offset, length);
        Fallocate.FallocateMode mode = Fallocate.FallocateMode.FALLOC_FL_ZERO_RANGE
            | (keepSize ? Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE : 0);
        return new(
            LayoutOperation.ZeroRange,
            range,
            "fallocate (zero range)",
            file => file.TryAllocate(mode, range),
            TakesBlocksAway: true)
        {
            GrowsTo = keepSize ? 0 : range.End
        };
    }

    private static LayoutChange Unsharing(long offset, long length)
    {
        FileRange range = NonEmptyRangeOf(offset, length);
        return new(
            LayoutOperation.UnshareRange,
            range,
            "fallocate (unshare range)",
            file => file.TryAllocate(Fallocate.FallocateMode.FALLOC_FL_UNSHARE_RANGE, range),
            TakesBlocksAway: true)
        {
            GrowsTo = range.End
        };
    }

    private static LayoutChange Collapse(long offset, long length) =>
        Shift(
            LayoutOperation.CollapseRange,
            Fallocate.FallocateMode.FALLOC_FL_COLLAPSE_RANGE,
            "fallocate (collapse range)",
            NonEmptyRangeOf(offset, length));

    private LayoutChange Insertion(long offset, long length)
    {
        LayoutChange insertion = Shift(
            LayoutOperation.InsertRange,
            Fallocate.FallocateMode.FALLOC_FL_INSERT_RANGE,
            "fallocate (insert range)",
            NonEmptyRangeOf(offset, length));
        return insertion with
        {
            Apply = file =>
                Backing.MaxFileSize is < long.MaxValue and var limit && Length > limit - length ? Errno.EFBIG : insertion.Apply(file)
        };
    }

    /// <summary>What moves the rest of the file touches all of it.</summary>
    private static LayoutChange Shift(LayoutOperation operation, Fallocate.FallocateMode mode, string call, FileRange range) =>
        new(
            operation,
            FileRange.From(range.Offset),
            call,
            file => file.TryAllocate(mode, range),
            TakesBlocksAway: true);

    /// <summary>
    /// Truncation touches everything from the smaller one of the two lengths on, so what it touches depends on the length, which may change
    /// until it has the right.
    /// </summary>
    private LayoutChange Truncation(long length)
    {
        long current = Length;
        FileRange range = FileRange.From(Math.Min(current, length));
        return new(
            LayoutOperation.SetLength,
            range,
            "ftruncate",
            file => IsAnother(Length) ? LayoutChange.RangeHasChanged : file.TrySetLength(length),
            TakesBlocksAway: length < current)
        {
            GrowsTo = length,
        };

        // It would touch more than it has the right for, or has become a shrinking one, which the owner's own regions have a say in.
        bool IsAnother(long now) => Math.Min(now, length) < range.Offset || (length < now && length >= current);
    }
}
