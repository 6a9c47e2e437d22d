namespace DirectMap.Tool.Inspection;

/// <summary>A file's block map, added up and as a picture.</summary>
internal sealed class BlockSummary
{
    private readonly long[] _bytes;

    internal BlockSummary(long[] bytes, long? fragments, BlockCell[] cells)
    {
        _bytes = bytes;
        Fragments = fragments;
        Cells = cells;
    }

    /// <summary>
    /// Runs of blocks that lie together in the file and on the device; null where the file system does not say where they lie.
    /// </summary>
    internal long? Fragments { get; }

    /// <summary>Parts of equal length, from the beginning to the end of the file; none for an empty one.</summary>
    internal IReadOnlyList<BlockCell> Cells { get; }

    /// <summary>How many bytes, up to the end of the file, have blocks, or data that will get some.</summary>
    internal long Allocated => _bytes.Sum() - BytesOf(BlockKind.Hole);

    /// <summary>How many bytes are of a kind.</summary>
    internal long BytesOf(BlockKind kind) => _bytes[(int)kind];
}
