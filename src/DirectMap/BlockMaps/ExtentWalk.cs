namespace DirectMap.BlockMaps;

/// <summary>Walks a block map piece by piece, so that it takes no more memory for more extents.</summary>
internal static class ExtentWalk
{
    private const int BatchSize = 128;

    /// <summary>The extents that touch a range.</summary>
    /// <param name="map">The block map; what it reports lies in order and without gaps.</param>
    /// <param name="range">The bytes.</param>
    /// <param name="path">For messages.</param>
    /// <exception cref="InvalidOperationException">The block map breaks its contract.</exception>
    internal static IEnumerable<Extent> Of(IBlockMap map, FileRange range, string path)
    {
        Extent[] batch = new Extent[BatchSize];
        long position = range.Offset;
        while (position < range.End)
        {
            int count = map.GetExtents(new FileRange(position, range.End - position), batch);
            if ((uint)count > (uint)batch.Length)
            {
                throw new InvalidOperationException(
                    $"The block map of '{path}' reports {count} extents where there is room for {batch.Length}.");
            }

            for (int i = 0; i < count; i++)
            {
                yield return batch[i];
            }

            long next = count == 0 ? position : batch[count - 1].End;
            if (next <= position)
            {
                throw new InvalidOperationException($"The block map of '{path}' reports nothing at {position}.");
            }

            position = next;
        }
    }
}
