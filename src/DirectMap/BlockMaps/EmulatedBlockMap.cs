namespace DirectMap;

/// <summary>
/// A block map whose states are set by hand, for tests: give it to <see cref="DirectFileOptions.BlockMap"/>, and the fault policy sees holes, shared, unwritten or bad blocks where the file itself has
/// none. Operations on the file do not change it. Safe for any thread.
/// </summary>
public sealed class EmulatedBlockMap : IBlockMap
{
    private readonly Lock _gate = new();
    private readonly List<Extent> _extents = []; // gapless from 0 on, in order, neighbours differ in their flags

    /// <summary>Creates a map of one extent.</summary>
    /// <param name="length">Length of the file in bytes; 0 or more. What lies beyond is a hole.</param>
    /// <param name="flags">Its state; written blocks by default.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public EmulatedBlockMap(long length, ExtentFlags flags = ExtentFlags.None)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Append(0, length, flags);
        Append(length, long.MaxValue, ExtentFlags.Hole);
    }

    /// <summary>Sets the state of some bytes.</summary>
    /// <param name="range">Which; also beyond the length.</param>
    /// <param name="flags">Their state: <see cref="ExtentFlags.Hole"/>, <see cref="ExtentFlags.Unwritten"/>, <see cref="ExtentFlags.Shared"/>, <see cref="ExtentFlags.BadBlock"/>, ...</param>
    public void Set(FileRange range, ExtentFlags flags)
    {
        if (range.Length == 0)
        {
            return;
        }

        lock (_gate)
        {
            Extent[] before = [.. _extents];
            _extents.Clear();
            foreach (Extent extent in before)
            {
                Append(extent.Offset, Math.Min(extent.End, range.Offset), extent.Flags);
                if (extent.End >= range.End && extent.Offset < range.End)
                {
                    Append(range.Offset, range.End, flags);
                }

                Append(Math.Max(extent.Offset, range.End), extent.End, extent.Flags);
            }
        }
    }

    /// <inheritdoc/>
    public int GetExtents(FileRange range, Memory<Extent> extents)
    {
        if (extents.IsEmpty)
        {
            throw new ArgumentException("There must be room for one extent.", nameof(extents));
        }

        if (range.Length == 0)
        {
            return 0;
        }

        lock (_gate)
        {
            int count = 0;
            foreach (Extent extent in _extents)
            {
                if (extent.End > range.Offset && extent.Offset < range.End && count < extents.Length)
                {
                    extents.Span[count++] = extent;
                }
            }

            return count;
        }
    }

    private void Append(long start, long end, ExtentFlags flags)
    {
        if (start >= end)
        {
            return;
        }

        if (_extents.Count > 0 && _extents[^1].Flags == flags)
        {
            start = _extents[^1].Offset;
            _extents.RemoveAt(_extents.Count - 1);
        }

        _extents.Add(new Extent(start, end - start, flags.HasFlag(ExtentFlags.Hole) ? -1 : start, flags));
    }
}
