using DirectMap.Linux;
using Microsoft.Win32.SafeHandles;

namespace DirectMap.BlockMaps;

/// <summary>
/// XFS copies ahead: when a shared block is written to, it reserves new blocks for a whole window around it, and the next store to each of the neighbours, shared or not, moves it there. No extent shows that; only the number of
/// blocks that the file occupies is larger than its extents add up to (also by what describes very many extents, and by large extended attributes).
/// </summary>
internal static class CopyReservations
{
    private const int SectorSize = 512;

    /// <summary>What a part of a file occupies.</summary>
    /// <param name="Range">The part.</param>
    /// <param name="Length">How many of its bytes have blocks.</param>
    /// <param name="IsShared">Whether any of these are shared.</param>
    internal readonly record struct Tally(FileRange Range, long Length, bool IsShared)
    {
        /// <summary>With one more extent, as far as it lies within the part.</summary>
        internal Tally With(in Extent extent)
        {
            if (extent.Flags.HasFlag(ExtentFlags.Hole))
            {
                return this;
            }

            long length = Math.Min(extent.End, Range.End) - Math.Max(extent.Offset, Range.Offset);
            return this with { Length = Length + Math.Max(0, length), IsShared = IsShared || extent.Flags.HasFlag(ExtentFlags.Shared) };
        }
    }

    /// <summary>Has the reservations of a file given back.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">For messages.</param>
    /// <param name="known">A part that was looked at already.</param>
    /// <returns>False: there may be some, and they stay, because blocks of the file are still shared.</returns>
    internal static bool TryGiveBack(SafeFileHandle file, string path, Tally known = default)
    {
        Statx.FileStatus status = Statx.Of(file, path);
        Tally before = Count(file, path, new FileRange(0, known.Range.Offset));
        Tally behind = Count(file, path, FileRange.From(known.Range.End));
        if (status.Sectors * SectorSize <= before.Length + known.Length + behind.Length || status.Size == 0)
        {
            return true;
        }

        // With nothing to copy any more this changes no block: it ends the file's being one that shares blocks, and with that go the reservations. It says so with success, or there were none.
        return !before.IsShared && !known.IsShared && !behind.IsShared && Fallocate.Try(file, Fallocate.FallocateMode.FALLOC_FL_UNSHARE_RANGE, new FileRange(0, status.Size)) == 0;
    }

    private static Tally Count(SafeFileHandle file, string path, FileRange range)
    {
        Tally tally = new(range, 0, false);
        foreach (Extent extent in Extents.Of(new FileBlockMap(file, path), range, path))
        {
            tally = tally.With(extent);
        }

        return tally;
    }
}
