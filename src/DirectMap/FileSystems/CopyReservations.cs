using DirectMap.BlockMaps;
using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.FileSystems;

/// <summary>
/// XFS copies ahead: when a shared block is written to, it reserves new blocks for a whole window around it, and the next store to each of
/// the neighbours, shared or not, moves it there. No extent shows that; only the number of blocks that the file occupies is larger than its
/// extents add up to (also by what describes very many extents, and by large extended attributes).
/// </summary>
internal static class CopyReservations
{
    private const int SectorSize = 512;

    /// <summary>What a part of a file occupies.</summary>
    /// <param name="Range">The part.</param>
    /// <param name="Length">How many of its bytes have blocks.</param>
    /// <param name="IsShared">Whether any of these are shared.</param>
    /// <param name="Written">First byte of a written block of its own; -1 where there is none.</param>
    internal readonly record struct Tally(FileRange Range, long Length, bool IsShared, long Written)
    {
        internal Tally(FileRange range)
            : this(range, 0, false, -1)
        {
        }

        /// <summary>With one more extent, as far as it lies within the part.</summary>
        internal Tally With(in Extent extent)
        {
            if (extent.Flags.HasFlag(ExtentFlags.Hole))
            {
                return this;
            }

            long length = Math.Min(extent.End, Range.End) - Math.Max(extent.Offset, Range.Offset);
            return new Tally(
                Range,
                Length + Math.Max(0, length),
                IsShared || extent.Flags.HasFlag(ExtentFlags.Shared),
                Written < 0 && extent.Flags == ExtentFlags.None ? Math.Max(extent.Offset, Range.Offset) : Written);
        }
    }

    /// <summary>Has the reservations of a file given back.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">For messages.</param>
    /// <param name="own">The part that the caller has a lease or a right on.</param>
    /// <param name="onlyLook">Whether nothing is to be done: then the answer is whether it would be tried.</param>
    /// <returns>False: there may be some, and they stay, because blocks of the file are still shared.</returns>
    internal static bool TryGiveBack(SafeFileHandle file, string path, Tally own, bool onlyLook = false)
    {
        Statx.FileStatus status = Statx.Of(file, path);
        Tally before = Count(file, path, new FileRange(0, own.Range.Offset));
        Tally behind = Count(file, path, FileRange.From(own.Range.End));
        long length = before.Length + own.Length + behind.Length;
        if (status.Sectors * SectorSize <= length)
        {
            return true;
        }

        if (before.IsShared || own.IsShared || behind.IsShared || own.Written < 0)
        {
            return false;
        }

        if (onlyLook)
        {
            return true;
        }

        // To unshare a block that is written and the file's own changes nothing in the block map; but with nothing left to copy the file is
        // no longer one that shares, and with that go the reservations. Only one block, and of the caller's own part: to unshare a range
        // fills its holes, and moves to their copies what has some. (So does this with the one block.)
        FileRange block = new(own.Written, 1);
        int errno = Unshare(file, block);
        if (errno == 0 && Statx.Of(file, path).Sectors * SectorSize > length)
        {
            // Measured on 6.18: XFS does not see that nothing is shared any more before the whole file system was written. (Or
            // the rest is metadata.)
            _ = Syncfs.Try(file);
            errno = Unshare(file, block);
        }

        return errno == 0;
    }

    private static int Unshare(SafeFileHandle file, FileRange range) =>
        Fallocate.Try(file, Fallocate.FallocateMode.FALLOC_FL_UNSHARE_RANGE | Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE, range);

    /// <summary>Looks at a part of a file.</summary>
    internal static Tally Count(SafeFileHandle file, string path, FileRange range)
    {
        Tally tally = new(range);
        foreach (Extent extent in ExtentWalk.Of(new FileBlockMap(file, path), range, path))
        {
            tally = tally.With(extent);
        }

        return tally;
    }
}
