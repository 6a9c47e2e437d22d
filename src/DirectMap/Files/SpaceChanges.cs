using DirectMap.Layout;
using DirectMap.Linux;

namespace DirectMap.Files;

/// <summary>The changes of one file's length and allocation: fallocate(2) in each of its modes, and ftruncate(2).</summary>
internal sealed class SpaceChanges(OwnedFile own)
{
    internal LayoutChange Allocation(long offset, long length, bool keepSize)
    {
        FileRange range = FileRanges.NonEmpty(offset, length);
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
        own.Inode.Backing.MaxFileSize < long.MaxValue
        && own.File.FileSystem is { IsVolatile: true } or { Stability: BlockMapStability.Unverified };

    internal static LayoutChange Hole(long offset, long length)
    {
        FileRange range = FileRanges.NonEmpty(offset, length);
        return new(
            LayoutOperation.PunchHole,
            range,
            "fallocate (punch hole)",
            file => file.TryAllocate(
                Fallocate.FallocateMode.FALLOC_FL_PUNCH_HOLE | Fallocate.FallocateMode.FALLOC_FL_KEEP_SIZE,
                range),
            TakesBlocksAway: true);
    }

    internal static LayoutChange Zeroing(long offset, long length, bool keepSize)
    {
        FileRange range = FileRanges.NonEmpty(offset, length);
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

    internal static LayoutChange Unsharing(long offset, long length)
    {
        FileRange range = FileRanges.NonEmpty(offset, length);
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

    internal static LayoutChange Collapse(long offset, long length) =>
        Shift(
            LayoutOperation.CollapseRange,
            Fallocate.FallocateMode.FALLOC_FL_COLLAPSE_RANGE,
            "fallocate (collapse range)",
            FileRanges.NonEmpty(offset, length));

    internal LayoutChange Insertion(long offset, long length)
    {
        LayoutChange insertion = Shift(
            LayoutOperation.InsertRange,
            Fallocate.FallocateMode.FALLOC_FL_INSERT_RANGE,
            "fallocate (insert range)",
            FileRanges.NonEmpty(offset, length));
        return insertion with
        {
            Apply = file =>
                own.Inode.Backing.MaxFileSize is < long.MaxValue and var limit && own.Length > limit - length
                    ? Errno.EFBIG
                    : insertion.Apply(file)
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

    /// <summary>The plan of a truncation, which is made anew at each attempt.</summary>
    internal Func<LayoutChange> Truncation(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return () => TruncationOfNow(length);
    }

    /// <summary>
    /// Truncation touches everything from the smaller one of the two lengths on, so what it touches depends on the length, which may change
    /// until it has the right.
    /// </summary>
    private LayoutChange TruncationOfNow(long length)
    {
        long current = own.Length;
        FileRange range = FileRange.From(Math.Min(current, length));
        return new(
            LayoutOperation.SetLength,
            range,
            "ftruncate",
            file => IsAnother(own.Length) ? LayoutChange.RangeHasChanged : file.TrySetLength(length),
            TakesBlocksAway: length < current)
        {
            GrowsTo = length,
        };

        // It would touch more than it has the right for, or has become a shrinking one, which the owner's own regions have a say in.
        bool IsAnother(long now) => Math.Min(now, length) < range.Offset || (length < now && length >= current);
    }
}
