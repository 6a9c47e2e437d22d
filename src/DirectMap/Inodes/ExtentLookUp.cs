namespace DirectMap.Inodes;

/// <summary>What a block map says of one byte, for messages and exceptions about it.</summary>
internal static class ExtentLookUp
{
    /// <summary>The extent that has a byte, by a map of the user's, or else by the file's own; null where there is none.</summary>
    internal static Extent? ExtentAt(this OpenedFile file, IBlockMap? blockMap, long offset)
    {
        Extent[] extent = new Extent[1];
        return (blockMap ?? file.BlockMap).GetExtents(new FileRange(offset, 1), extent) == 1 ? extent[0] : null;
    }
}
