using System.Runtime.CompilerServices;
using DirectMap.Layout;

namespace DirectMap;

/// <content>Operations on two files, which may make them share blocks: reflink, copy, dedupe. Both files' leases are broken, since a store
/// to either moves a shared block.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// Makes this file share all blocks of another one (ioctl FICLONE): its content becomes the other's, at once and without using space; a
    /// longer file keeps its length.
    /// </summary>
    /// <remarks>
    /// It touches both files as a whole: leases of other owners on either are broken, and this object must have mapped neither. Not every
    /// file system can (XFS and btrfs can).
    /// </remarks>
    /// <param name="source">The file to clone, on the same file system; also one that was opened for reading only.</param>
    /// <param name="options">How to wait for the holders of leases on both files, one after the other; null to wait
    /// as long as it takes.</param>
    /// <inheritdoc cref="PunchHole"/>
    /// <exception cref="ArgumentNullException"><paramref name="source"/> is null.</exception>
    /// <exception cref="IOException">
    /// The operation failed (ENOSPC, EIO), the files are on different file systems (EXDEV), the file is in use as swap space (ETXTBSY), or
    /// it would get larger than the file system or the process's RLIMIT_FSIZE allows (EFBIG).
    /// </exception>
    /// <exception cref="ObjectDisposedException">This file or <paramref name="source"/> was disposed.</exception>
    public void CloneFrom(DirectFile source, BreakOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        _operations.Perform(_cloning.Clone(source._own), options);
    }

    /// <inheritdoc cref="CloneFrom(DirectFile, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask CloneFromAsync(DirectFile source, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        return _operations.PerformAsync(_cloning.Clone(source._own), options, cancellationToken);
    }

    /// <summary>
    /// Makes a range of this file share the blocks of a range of another one, or of another range of this one (ioctl FICLONERANGE; then
    /// everything from the first to the last byte of both counts as touched).
    /// </summary>
    /// <remarks>
    /// The file grows where the range reaches beyond its end. It touches both ranges: leases of other owners on either are broken, and
    /// their owner must have mapped neither. Not every file system can (XFS and btrfs can).
    /// </remarks>
    /// <param name="source">The file to clone from, on the same file system; also one that was opened for
    /// reading only, or this one.</param>
    /// <param name="sourceOffset">First byte there; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="offset">First byte in this file; 0 or more, a multiple of the block size.</param>
    /// <param name="length">Length in bytes; 1 or more, a multiple of the block size unless it ends at the source's end.</param>
    /// <inheritdoc cref="CloneFrom(DirectFile, BreakOptions)"/>
    public void CloneFrom(DirectFile source, long sourceOffset, long offset, long length, BreakOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        _operations.Perform(_cloning.CloneRange(source._own, sourceOffset, offset, length), options);
    }

    /// <inheritdoc cref="CloneFrom(DirectFile, long, long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask CloneFromAsync(
        DirectFile source,
        long sourceOffset,
        long offset,
        long length,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        return _operations.PerformAsync(_cloning.CloneRange(source._own, sourceOffset, offset, length), options, cancellationToken);
    }

    /// <summary>Copies bytes within the kernel (copy_file_range(2)).</summary>
    /// <remarks>
    /// On file systems that can share blocks (XFS, btrfs, and those that nobody can judge) the kernel may make the files share them
    /// instead, so there the source's leases are broken, too; on ext4 and tmpfs it is only read. When the device is full, some bytes may
    /// have been copied.
    /// </remarks>
    /// <param name="source">The file to copy from; also one that was opened for reading only, or this one (then the
    /// ranges must not overlap).</param>
    /// <param name="sourceOffset">First byte there; 0 or more.</param>
    /// <param name="offset">First byte in this file; 0 or more.</param>
    /// <param name="length">How many bytes to copy at most; 1 or more.</param>
    /// <returns>How many bytes were copied; fewer than asked for only where the source ends.</returns>
    /// <inheritdoc cref="CloneFrom(DirectFile, BreakOptions)"/>
    public long CopyFrom(DirectFile source, long sourceOffset, long offset, long length, BreakOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        LayoutChange change = _cloning.Copy(source._own, sourceOffset, offset, length, out StrongBox<long> copied);
        _operations.Perform(change, options);
        return copied.Value;
    }

    /// <inheritdoc cref="CopyFrom(DirectFile, long, long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask<long> CopyFromAsync(
        DirectFile source,
        long sourceOffset,
        long offset,
        long length,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        LayoutChange change = _cloning.Copy(source._own, sourceOffset, offset, length, out StrongBox<long> copied);
        return CountAsync(_operations.PerformAsync(change, options, cancellationToken), copied);
    }

    /// <summary>
    /// Makes a range of this file share the blocks of a range of another one where the contents are equal (ioctl FIDEDUPERANGE); the file
    /// system compares them, so no content is ever changed.
    /// </summary>
    /// <remarks>
    /// It touches both ranges: leases of other owners on either are broken, and their owner must have mapped neither. Not every file system
    /// can (XFS and btrfs can).
    /// </remarks>
    /// <param name="source">The file whose blocks are kept, on the same file system; also one that was opened for
    /// reading only, or this one.</param>
    /// <param name="sourceOffset">First byte there; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="offset">First byte in this file; 0 or more, a multiple of the block size.</param>
    /// <param name="length">Length in bytes; 1 or more. Both ranges must lie within their files.</param>
    /// <returns>How many bytes from the beginning of the ranges share their blocks now, 0 to <paramref name="length"/>: it stops where the
    /// file system finds a difference, so 0 may mean that the contents differ.</returns>
    /// <inheritdoc cref="CloneFrom(DirectFile, BreakOptions)"/>
    public long DedupeFrom(DirectFile source, long sourceOffset, long offset, long length, BreakOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        LayoutChange change = _cloning.Dedupe(source._own, sourceOffset, offset, length, out StrongBox<long> deduped);
        _operations.Perform(change, options);
        return deduped.Value;
    }

    /// <inheritdoc cref="DedupeFrom(DirectFile, long, long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask<long> DedupeFromAsync(
        DirectFile source,
        long sourceOffset,
        long offset,
        long length,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        LayoutChange change = _cloning.Dedupe(source._own, sourceOffset, offset, length, out StrongBox<long> deduped);
        return CountAsync(_operations.PerformAsync(change, options, cancellationToken), deduped);
    }

    private static async ValueTask<long> CountAsync(ValueTask done, StrongBox<long> count)
    {
        await done.ConfigureAwait(false);
        return count.Value;
    }
}
