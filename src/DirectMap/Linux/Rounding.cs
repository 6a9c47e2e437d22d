namespace DirectMap.Linux;

/// <summary>
/// Offsets and ranges in whole pages, or in whole units of another size: right for all that a file may have, up to the last byte that there
/// can be. What would end behind that one ends with it.
/// </summary>
internal static class Rounding
{
    private static long Page => Environment.SystemPageSize;

    /// <summary>The last multiple that is not behind an offset, which is 0 or more.</summary>
    internal static long Down(long offset, long unit) => offset - (offset % unit);

    /// <summary>The first multiple that is not before an offset, which is 0 or more; or <see cref="long.MaxValue"/>.</summary>
    internal static long Up(long offset, long unit)
    {
        long over = offset % unit;
        return over == 0 ? offset : offset > long.MaxValue - (unit - over) ? long.MaxValue : offset + (unit - over);
    }

    /// <summary>How many units hold so many bytes, 0 or more.</summary>
    internal static long Count(long length, long unit) => (length / unit) + (length % unit == 0 ? 0 : 1);

    /// <summary>The smallest range of whole units that holds a range.</summary>
    internal static FileRange Out(FileRange range, long unit)
    {
        long start = Down(range.Offset, unit);
        return new FileRange(start, Up(range.End, unit) - start);
    }

    /// <summary>Whether a range is "up to the end of the file", wherever that is.</summary>
    internal static bool IsOpenEnded(FileRange range) => range.End == long.MaxValue;

    /// <summary>The bytes that a range means in a file of so many bytes; none where it has no end and begins behind the file's.</summary>
    internal static FileRange UpTo(FileRange range, long size) =>
        IsOpenEnded(range) ? new FileRange(range.Offset, Math.Max(0, size - range.Offset)) : range;

    /// <summary>Where the page begins that has a byte.</summary>
    internal static long PageDown(long offset) => Down(offset, Page);

    /// <summary>Where the page ends that has the byte before an offset.</summary>
    internal static long PageUp(long offset) => Up(offset, Page);

    /// <summary>The smallest range of whole pages that holds a range.</summary>
    internal static FileRange WholePages(FileRange range) => Out(range, Page);
}
