using DirectMap.BlockMaps;
using DirectMap.Layout;

namespace DirectMap.Files;

/// <summary>One file's block map, the user's own or the file system's, as it is while it is read. Safe for any thread.</summary>
internal sealed class FileExtents(OwnedFile own, IBlockMap? blockMap)
{
    internal IBlockMap Map => blockMap ?? own.File.BlockMap;

    /// <inheritdoc cref="DirectFile.GetExtents(FileRange)"/>
    /// <param name="isCut">Whether the last one ends with the range, whatever is allocated behind it.</param>
    internal IEnumerable<Extent> Enumerate(FileRange range, bool isCut)
    {
        own.ThrowIfClosed();
        return EnumerateOpen(range, isCut);
    }

    private IEnumerable<Extent> EnumerateOpen(FileRange range, bool isCut)
    {
        foreach (Extent extent in ExtentWalk.Of(Map, range, own.Path))
        {
            own.ThrowIfClosed();
            yield return isCut && extent.End > range.End ? extent with { Length = range.End - extent.Offset } : extent;
        }
    }
}
