namespace DirectMap.BlockMaps;

/// <summary>Ranges rounded out to what is changed as a whole: pages, blocks, windows of blocks.</summary>
internal static class Rounding
{
    internal static FileRange WholePages(FileRange range) => Out(range, Environment.SystemPageSize);

    /// <summary>The smallest range of whole units that holds a range; up to the last byte there can be.</summary>
    internal static FileRange Out(FileRange range, long unit)
    {
        long start = range.Offset / unit * unit;
        long end = range.End > long.MaxValue - unit ? long.MaxValue : (range.End + unit - 1) / unit * unit;
        return new FileRange(start, end - start);
    }
}
