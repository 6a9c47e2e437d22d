using DirectMap.Files;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap;

/// <content>Operations on two files, which may make them share blocks: reflink, copy, dedupe. Both files' leases are broken, since a store
/// to either moves a shared block.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// Makes this file share all blocks of another one (ioctl FICLONE): its content becomes the other's, at once and without using space; a
    /// longer file keeps its length. Touches both files as a whole: leases of other owners on either are broken, and this object must have
    /// mapped neither. Not every file system can (XFS and btrfs can).
    /// </summary>
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
        LayoutChange change = Clone(source);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="CloneFrom(DirectFile, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask CloneFromAsync(DirectFile source, BreakOptions? options = null, CancellationToken cancellationToken = default)
    {
        LayoutChange change = Clone(source);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Makes a range of this file share the blocks of a range of another one, or of another range of this one (ioctl FICLONERANGE; then
    /// everything from the first to the last byte of both counts as touched). Grows the file where the range reaches beyond its end.
    /// Touches both ranges: leases of other owners on either are broken, and their owner must have mapped neither. Not every file system
    /// can (XFS and btrfs can).
    /// </summary>
    /// <param name="source">The file to clone from, on the same file system; also one that was opened for
    /// reading only, or this one.</param>
    /// <param name="sourceOffset">First byte there; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="offset">First byte in this file; 0 or more, a multiple of the block size.</param>
    /// <param name="length">Length in bytes; 1 or more, a multiple of the block size unless it ends at the source's end.</param>
    /// <inheritdoc cref="CloneFrom"/>
    public void CloneRangeFrom(DirectFile source, long sourceOffset, long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = CloneRange(source, sourceOffset, offset, length);
        _operations.Perform(change, options);
    }

    /// <inheritdoc cref="CloneRangeFrom(DirectFile, long, long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public ValueTask CloneRangeFromAsync(
        DirectFile source,
        long sourceOffset,
        long offset,
        long length,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        LayoutChange change = CloneRange(source, sourceOffset, offset, length);
        return _operations.PerformAsync(change, options, cancellationToken);
    }

    /// <summary>
    /// Copies bytes within the kernel (copy_file_range(2)). On file systems that can share blocks (XFS, btrfs, and those that nobody can
    /// judge) the kernel may make the files share them instead, so there the source's leases are broken, too; on ext4 and tmpfs it is only
    /// read. When the device is full, some bytes may have been copied.
    /// </summary>
    /// <param name="source">The file to copy from; also one that was opened for reading only, or this one (then the
    /// ranges must not overlap).</param>
    /// <param name="sourceOffset">First byte there; 0 or more.</param>
    /// <param name="offset">First byte in this file; 0 or more.</param>
    /// <param name="length">How many bytes to copy at most; 1 or more.</param>
    /// <returns>How many bytes were copied; fewer than asked for only where the source ends.</returns>
    /// <inheritdoc cref="CloneFrom"/>
    public long CopyRangeFrom(DirectFile source, long sourceOffset, long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Copy(source, sourceOffset, offset, length, out Count copied);
        _operations.Perform(change, options);
        return copied.Value;
    }

    /// <inheritdoc cref="CopyRangeFrom(DirectFile, long, long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public async ValueTask<long> CopyRangeFromAsync(
        DirectFile source,
        long sourceOffset,
        long offset,
        long length,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        LayoutChange change = Copy(source, sourceOffset, offset, length, out Count copied);
        await _operations.PerformAsync(change, options, cancellationToken).ConfigureAwait(false);
        return copied.Value;
    }

    /// <summary>
    /// Makes a range of this file share the blocks of a range of another one where the contents are equal (ioctl FIDEDUPERANGE); the file
    /// system compares them, so no content is ever changed. Touches both ranges: leases of other owners on either are broken, and their
    /// owner must have mapped neither. Not every file system can (XFS and btrfs can).
    /// </summary>
    /// <param name="source">The file whose blocks are kept, on the same file system; also one that was opened for
    /// reading only, or this one.</param>
    /// <param name="sourceOffset">First byte there; 0 or more, a multiple of the file system's block size.</param>
    /// <param name="offset">First byte in this file; 0 or more, a multiple of the block size.</param>
    /// <param name="length">Length in bytes; 1 or more. Both ranges must lie within their files.</param>
    /// <returns>How many bytes from the beginning of the ranges share their blocks now, 0 to <paramref name="length"/>: it stops where the
    /// file system finds a difference, so 0 may mean that the contents differ.</returns>
    /// <inheritdoc cref="CloneFrom"/>
    public long DedupeRangeFrom(DirectFile source, long sourceOffset, long offset, long length, BreakOptions? options = null)
    {
        LayoutChange change = Dedupe(source, sourceOffset, offset, length, out Count deduped);
        _operations.Perform(change, options);
        return deduped.Value;
    }

    /// <inheritdoc cref="DedupeRangeFrom(DirectFile, long, long, long, BreakOptions)"/>
    /// <param name="cancellationToken">Ends the wait for the holders; the break goes on. An operation that has
    /// begun is not interrupted.</param>
    /// <exception cref="OperationCanceledException">
    /// <paramref name="cancellationToken"/> was cancelled before the operation began. Nothing was changed; the break goes on.
    /// </exception>
    public async ValueTask<long> DedupeRangeFromAsync(
        DirectFile source,
        long sourceOffset,
        long offset,
        long length,
        BreakOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        LayoutChange change = Dedupe(source, sourceOffset, offset, length, out Count deduped);
        await _operations.PerformAsync(change, options, cancellationToken).ConfigureAwait(false);
        return deduped.Value;
    }

    /// <summary>
    /// What a clone or dedupe touches: nothing where no two files can share blocks. There the kernel only says why not, and nobody needs
    /// to be asked for that.
    /// </summary>
    private FileRange Touched(FileRange range) => File.FileSystem.NeverShares ? new FileRange(range.Offset, 0) : range;

    private LayoutChange Clone(DirectFile source)
    {
        ArgumentNullException.ThrowIfNull(source);
        FileRange touched = Touched(FileRange.Whole);
        return new(
            LayoutOperation.CloneRange,
            touched,
            $"ioctl FICLONE from '{source.Path}'",
            file => source.Length > Backing.MaxFileSize
                ? Errno.EFBIG
                : Sharing(source, "ioctl FICLONE", file.TryClone(source.File)),
            TakesBlocksAway: true)
        {
            Source = touched.Length == 0 ? null : new LayoutSource(source._own, FileRange.Whole),
        };
    }

    private LayoutChange CloneRange(DirectFile source, long sourceOffset, long offset, long length)
    {
        ArgumentNullException.ThrowIfNull(source);
        FileRange from = NonEmptyRangeOf(sourceOffset, length);
        FileRange to = NonEmptyRangeOf(offset, length);
        FileRange touched = Touched(to);
        return new(
            LayoutOperation.CloneRange,
            touched,
            $"ioctl FICLONERANGE of {from} of '{source.Path}' to {to}",
            file => Sharing(source, "ioctl FICLONERANGE", file.TryCloneRange(source.File, from, offset)),
            TakesBlocksAway: true)
        {
            Source = touched.Length == 0 ? null : new LayoutSource(source._own, from),
            GrowsTo = to.End,
        };
    }

    private LayoutChange Copy(DirectFile source, long sourceOffset, long offset, long length, out Count copied)
    {
        ArgumentNullException.ThrowIfNull(source);
        FileRange from = NonEmptyRangeOf(sourceOffset, length);
        FileRange to = NonEmptyRangeOf(offset, length);
        bool mayShare = !File.FileSystem.NeverShares;
        Count count = new();
        copied = count;
        return new(
            LayoutOperation.CopyRange,
            to,
            $"copy_file_range of {from} of '{source.Path}' to {to}",
            CopyWhatIsThere,
            TakesBlocksAway: mayShare)
        {
            Source = mayShare ? new LayoutSource(source._own, from) : null
        };

        // What the source has now: within one file a copy may lengthen its own source, and would then go on with what it has just written.
        // At least one byte, so that the kernel is asked also when there is nothing.
        int CopyWhatIsThere(OpenedFile file)
        {
            long there = Math.Clamp(source.Length - sourceOffset, 0, length);
            long present = Math.Max(1, there);
            if (Backing.Kind == FileBackingKind.Portable && source.Id == Id
                && new FileRange(sourceOffset, present).Overlaps(new FileRange(offset, present)))
            {
                return Errno.EINVAL; // The kernel says so itself; what copies by reading and writing would read what it has just written.
            }

            if (offset > Backing.MaxFileSize - present)
            {
                return Errno.EFBIG;
            }

            using LastPage.Growth growth = LastPage.Begin(file, there == 0 ? 0 : offset + there);
            return growth.Ended(
                file.TryCopy(source.File, new FileRange(sourceOffset, present), offset, out count.Value));
        }
    }

    private LayoutChange Dedupe(DirectFile source, long sourceOffset, long offset, long length, out Count deduped)
    {
        ArgumentNullException.ThrowIfNull(source);
        FileRange from = NonEmptyRangeOf(sourceOffset, length);
        FileRange to = NonEmptyRangeOf(offset, length);
        Count count = new();
        deduped = count;
        FileRange touched = Touched(to);
        return new(
            LayoutOperation.DedupeRange,
            touched,
            $"ioctl FIDEDUPERANGE of {from} of '{source.Path}' to {to}",
            file =>
            {
                int errno = 0;
                long done = -1;
                while (errno == 0 && done != 0 && count.Value < length)
                {
                    FileRange rest = new(sourceOffset + count.Value, length - count.Value);
                    errno = file.TryDedupe(source.File, rest, offset + count.Value, out done);
                    count.Value += done;
                }

                // What went well before a failure stays; say how much, as a short write does.
                return count.Value > 0 ? 0 : Sharing(source, "ioctl FIDEDUPERANGE", errno);
            },
            TakesBlocksAway: true)
        {
            Source = touched.Length == 0 ? null : new LayoutSource(source._own, from),
            GrowsTo = to.End,
        };
    }

    /// <summary>
    /// Passes an error number on. btrfs answers EINVAL where one of the files has the NOCOW attribute and the other has not, as for
    /// arguments that are no whole blocks; but it is these files that cannot share, whatever the arguments are.
    /// </summary>
    private int Sharing(DirectFile source, string call, int errno)
    {
        if (errno == Errno.EINVAL && File.FileSystem.IsNoCopyOnWrite is var isNoCow
            && source.File.FileSystem.IsNoCopyOnWrite != isNoCow)
        {
            throw new NotSupportedException(
                $"{call} of '{Path}': btrfs shares no blocks between a file with the NOCOW attribute and one without, and "
                    + $"'{(isNoCow ? Path : source.Path)}' has it; copy (CopyRangeFrom) (EINVAL)")
            {
                HResult = errno
            };
        }

        return errno;
    }

    /// <summary>What an operation has to say besides its error number.</summary>
    private sealed class Count
    {
        internal long Value;
    }
}
