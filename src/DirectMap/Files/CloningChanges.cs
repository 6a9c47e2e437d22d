using System.Runtime.CompilerServices;
using DirectMap.Inodes;
using DirectMap.Layout;
using DirectMap.Linux;

namespace DirectMap.Files;

/// <summary>
/// The changes of one file that take blocks or bytes from another one, or from another place in the same: reflink, copy, dedupe. What an
/// operation has to say besides its error number is in a box.
/// </summary>
internal sealed class CloningChanges(OwnedFile own)
{
    /// <summary>
    /// What a clone or dedupe touches: nothing where no two files can share blocks. There the kernel only says why not, and nobody needs
    /// to be asked for that.
    /// </summary>
    private FileRange Touched(FileRange range) => own.File.FileSystem.NeverShares ? new FileRange(range.Offset, 0) : range;

    internal LayoutChange Clone(OwnedFile source)
    {
        source.ThrowIfClosed();
        FileRange touched = Touched(FileRange.Whole);
        return new(
            LayoutOperation.CloneRange,
            touched,
            $"ioctl FICLONE from '{source.Path}'",
            file => source.Length > own.Inode.Backing.MaxFileSize
                ? Errno.EFBIG
                : Sharing(source, "ioctl FICLONE", file.TryClone(source.File)),
            TakesBlocksAway: true)
        {
            Source = touched.Length == 0 ? null : new LayoutSource(source, FileRange.Whole),
        };
    }

    internal LayoutChange CloneRange(OwnedFile source, long sourceOffset, long offset, long length)
    {
        source.ThrowIfClosed();
        FileRange from = FileRanges.NonEmpty(sourceOffset, length);
        FileRange to = FileRanges.NonEmpty(offset, length);
        FileRange touched = Touched(to);
        return new(
            LayoutOperation.CloneRange,
            touched,
            $"ioctl FICLONERANGE of {from} of '{source.Path}' to {to}",
            file => Sharing(source, "ioctl FICLONERANGE", file.TryCloneRange(source.File, from, offset)),
            TakesBlocksAway: true)
        {
            Source = touched.Length == 0 ? null : new LayoutSource(source, from),
            GrowsTo = to.End,
        };
    }

    internal LayoutChange Copy(OwnedFile source, long sourceOffset, long offset, long length, out StrongBox<long> copied)
    {
        source.ThrowIfClosed();
        FileRange from = FileRanges.NonEmpty(sourceOffset, length);
        FileRange to = FileRanges.NonEmpty(offset, length);
        bool mayShare = !own.File.FileSystem.NeverShares;
        StrongBox<long> count = new();
        copied = count;
        return new(
            LayoutOperation.CopyRange,
            to,
            $"copy_file_range of {from} of '{source.Path}' to {to}",
            CopyWhatIsThere,
            TakesBlocksAway: mayShare)
        {
            Source = mayShare ? new LayoutSource(source, from) : null
        };

        // What the source has now: within one file a copy may lengthen its own source, and would then go on with what it has just written.
        // At least one byte, so that the kernel is asked also when there is nothing.
        int CopyWhatIsThere(OpenedFile file)
        {
            long there = Math.Clamp(source.Length - sourceOffset, 0, length);
            long present = Math.Max(1, there);
            if (own.BackingKind == FileBackingKind.Portable && source.Id == own.Id
                && new FileRange(sourceOffset, present).Overlaps(new FileRange(offset, present)))
            {
                return Errno.EINVAL; // The kernel says so itself; what copies by reading and writing would read what it has just written.
            }

            if (offset > own.Inode.Backing.MaxFileSize - present)
            {
                return Errno.EFBIG;
            }

            using LastPage.Growth growth = LastPage.Begin(file, there == 0 ? 0 : offset + there);
            return growth.Ended(
                file.TryCopy(source.File, new FileRange(sourceOffset, present), offset, out count.Value));
        }
    }

    internal LayoutChange Dedupe(OwnedFile source, long sourceOffset, long offset, long length, out StrongBox<long> deduped)
    {
        source.ThrowIfClosed();
        FileRange from = FileRanges.NonEmpty(sourceOffset, length);
        FileRange to = FileRanges.NonEmpty(offset, length);
        StrongBox<long> count = new();
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
            Source = touched.Length == 0 ? null : new LayoutSource(source, from),
            GrowsTo = to.End,
        };
    }

    /// <summary>
    /// Passes an error number on. btrfs answers EINVAL where one of the files has the NOCOW attribute and the other has not, as for
    /// arguments that are no whole blocks; but it is these files that cannot share, whatever the arguments are.
    /// </summary>
    private int Sharing(OwnedFile source, string call, int errno)
    {
        if (errno == Errno.EINVAL && own.File.FileSystem.IsNoCopyOnWrite is var isNoCow
            && source.File.FileSystem.IsNoCopyOnWrite != isNoCow)
        {
            throw new NotSupportedException(
                $"{call} of '{own.Path}': btrfs shares no blocks between a file with the NOCOW attribute and one without, and "
                    + $"'{(isNoCow ? own.Path : source.Path)}' has it; copy (CopyFrom) (EINVAL)")
            {
                HResult = errno
            };
        }

        return errno;
    }
}
