using DirectMap.Files;

namespace DirectMap;

/// <content>fallocate(2) in each of its modes, and ftruncate(2).</content>
public sealed partial class DirectFile
{
    /// <summary>Allocates blocks with fallocate(2); grows the file where they reach beyond its end.</summary>
    /// <remarks>
    /// New blocks are unwritten extents, which read as zeros and cannot be mapped directly for writing: <see cref="Prepare"/> turns them
    /// into written ones.
    /// </remarks>
    /// <inheritdoc cref="PunchHole"/>
    public void Allocate(long offset, long length, BreakOptions? options = null) =>
        _operations.Perform(_space.Allocation(offset, length, keepSize: false), options);

    /// <inheritdoc cref="Allocate(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask AllocateAsync(long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(_space.Allocation(offset, length, keepSize: false), options, cancellationToken);

    /// <summary>Allocates blocks with fallocate(2), also beyond the end of the file with its length kept.</summary>
    /// <param name="keepSize">True to keep the file's length, whatever is allocated beyond its end (FALLOC_FL_KEEP_SIZE); false to grow
    /// the file where the blocks reach beyond its end.</param>
    /// <inheritdoc cref="Allocate(long, long, BreakOptions)"/>
    public void Allocate(long offset, long length, bool keepSize, BreakOptions? options = null) =>
        _operations.Perform(_space.Allocation(offset, length, keepSize), options);

    /// <inheritdoc cref="Allocate(long, long, bool, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask AllocateAsync(
        long offset, long length, bool keepSize, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(_space.Allocation(offset, length, keepSize), options, cancellationToken);

    /// <summary>Gives blocks back with fallocate(2), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE.</summary>
    /// <remarks>The bytes read as zeros afterwards; the file's length stays.</remarks>
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
    public void PunchHole(long offset, long length, BreakOptions? options = null) =>
        _operations.Perform(SpaceChanges.Hole(offset, length), options);

    /// <inheritdoc cref="PunchHole(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask PunchHoleAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(SpaceChanges.Hole(offset, length), options, cancellationToken);

    /// <summary>
    /// Makes bytes zeros with fallocate(2), FALLOC_FL_ZERO_RANGE, mostly by making their blocks unwritten extents; grows the file where
    /// they reach beyond its end.
    /// </summary>
    /// <remarks>Not every file system can (ext4, XFS and btrfs can).</remarks>
    /// <inheritdoc cref="PunchHole"/>
    public void ZeroRange(long offset, long length, BreakOptions? options = null) =>
        _operations.Perform(SpaceChanges.Zeroing(offset, length, keepSize: false), options);

    /// <inheritdoc cref="ZeroRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask ZeroRangeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(SpaceChanges.Zeroing(offset, length, keepSize: false), options, cancellationToken);

    /// <summary>
    /// Makes bytes zeros with fallocate(2), FALLOC_FL_ZERO_RANGE, mostly by making their blocks unwritten extents; also beyond the end of
    /// the file with its length kept.
    /// </summary>
    /// <param name="keepSize">True to keep the file's length, whatever lies beyond its end (FALLOC_FL_KEEP_SIZE); false to grow the file
    /// where the bytes reach beyond its end.</param>
    /// <inheritdoc cref="ZeroRange(long, long, BreakOptions)"/>
    public void ZeroRange(long offset, long length, bool keepSize, BreakOptions? options = null) =>
        _operations.Perform(SpaceChanges.Zeroing(offset, length, keepSize), options);

    /// <inheritdoc cref="ZeroRange(long, long, bool, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask ZeroRangeAsync(
        long offset, long length, bool keepSize, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(SpaceChanges.Zeroing(offset, length, keepSize), options, cancellationToken);

    /// <summary>
    /// Takes bytes out with fallocate(2), FALLOC_FL_COLLAPSE_RANGE: what lies behind them moves up, and the file gets shorter.
    /// </summary>
    /// <remarks>It touches everything from <paramref name="offset"/> on. Not every file system can (ext4 and XFS can).</remarks>
    /// <param name="offset">First byte to take out; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size. What is taken out must end before the end of the file:
    /// <see cref="SetLength"/> takes the end away.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void CollapseRange(long offset, long length, BreakOptions? options = null) =>
        _operations.Perform(SpaceChanges.Collapse(offset, length), options);

    /// <inheritdoc cref="CollapseRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask CollapseRangeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(SpaceChanges.Collapse(offset, length), options, cancellationToken);

    /// <summary>
    /// Puts a hole in with fallocate(2), FALLOC_FL_INSERT_RANGE: what lies behind it moves back, and the file gets longer.
    /// </summary>
    /// <remarks>It touches everything from <paramref name="offset"/> on. Not every file system can (ext4 and XFS can).</remarks>
    /// <param name="offset">Where to put it; 0 or more, a multiple of the file system's block size, before the end of the file.</param>
    /// <param name="length">Length in bytes; a positive multiple of the block size.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void InsertRange(long offset, long length, BreakOptions? options = null) =>
        _operations.Perform(_space.Insertion(offset, length), options);

    /// <inheritdoc cref="InsertRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask InsertRangeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(_space.Insertion(offset, length), options, cancellationToken);

    /// <summary>
    /// Gives bytes blocks of their own with fallocate(2), FALLOC_FL_UNSHARE_RANGE, where they share some with another file or range
    /// (reflink); fills holes.
    /// </summary>
    /// <remarks>Contents stay. Not every file system can (XFS can; <see cref="Prepare"/> works on others, too).</remarks>
    /// <inheritdoc cref="PunchHole"/>
    public void UnshareRange(long offset, long length, BreakOptions? options = null) =>
        _operations.Perform(SpaceChanges.Unsharing(offset, length), options);

    /// <inheritdoc cref="UnshareRange(long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask UnshareRangeAsync(
        long offset, long length, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(SpaceChanges.Unsharing(offset, length), options, cancellationToken);

    /// <summary>Sets the file's length with ftruncate(2).</summary>
    /// <remarks>Bytes beyond a shorter one are lost; what a longer one adds is a hole.</remarks>
    /// <param name="length">The new length in bytes; 0 or more.</param>
    /// <inheritdoc cref="PunchHole"/>
    public void SetLength(long length, BreakOptions? options = null) =>
        _operations.Perform(_space.Truncation(length), options);

    /// <inheritdoc cref="SetLength(long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask SetLengthAsync(long length, BreakOptions? options = null, CancellationToken cancellationToken = default) =>
        _operations.PerformAsync(_space.Truncation(length), options, cancellationToken);
}
