using DirectMap.BreakerTable.Others;
using DirectMap.BreakerTable.Rows;

namespace DirectMap.BreakerTable.Holding;

/// <summary>What a file consists of at one moment, whoever has been told of what.</summary>
/// <param name="Bytes">All of them.</param>
/// <param name="Blocks">Where each page of the mapping lies; less than 0 for a page that has no block.</param>
/// <param name="IsShared">Whether another file has one of these, too.</param>
internal sealed record Content(byte[] Bytes, long[] Blocks, bool IsShared)
{
    private const int PageSize = 4096;
    private const ExtentFlags NoBlock = ExtentFlags.Hole | ExtentFlags.Unwritten;

    internal static Content Of(Holder holder, Subject subject)
    {
        long[] blocks = [.. Enumerable.Repeat(-1L, Subject.WholeLength / PageSize)];
        bool isShared = false;
        foreach (Extent extent in holder.File.GetExtents().Where(extent => (extent.Flags & NoBlock) == 0))
        {
            isShared |= extent.Flags.HasFlag(ExtentFlags.Shared);
            for (long page = extent.Offset / PageSize; page * PageSize < Math.Min(extent.End, Subject.WholeLength); page++)
            {
                blocks[page] = extent.PhysicalOffset < 0 ? 0 : extent.PhysicalOffset + (page * PageSize) - extent.Offset;
            }
        }

        return new Content(subject.Bytes(), blocks, isShared);
    }

    /// <returns>The cells of bytes and of blocks.</returns>
    internal string[] Compare(Content after) =>
    [
        Bytes.AsSpan().SequenceEqual(after.Bytes) ? Columns.Same : "other",
        after.IsShared && !IsShared ? "shared" : Blocks.AsSpan().SequenceEqual(after.Blocks) ? Columns.Same : "other",
    ];
}
