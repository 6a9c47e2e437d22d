using DirectMap.Threading;

namespace DirectMap;

/// <summary>
/// A block map whose states are set by hand, for tests: give it to <see cref="DirectFileOptions.BlockMap"/>, and the fault policy sees
/// holes, shared, unwritten or bad blocks where the file itself has none.
/// </summary>
/// <remarks>Operations on the file do not change it. It is safe for any thread.</remarks>
public sealed class EmulatedBlockMap : IBlockMap
{
    private readonly UninterruptedLock _gate = new();
    private readonly List<Extent> _extents = []; // gapless from 0 on, in order, neighbours differ in their flags

    /// <summary>Creates a map of one extent.</summary>
    /// <param name="length">Length of the file in bytes; 0 or more. What lies beyond is a hole.</param>
    /// <param name="flags">Its state; written blocks by default.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    public EmulatedBlockMap(long length, ExtentFlags flags = ExtentFlags.None)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        _extents.Add(New(0, long.MaxValue, ExtentFlags.Hole));
        Set(new FileRange(0, length), flags);
    }

    /// <summary>Sets the state of some bytes.</summary>
    /// <param name="range">Which; also beyond the length.</param>
    /// <param name="flags">Their state: <see cref="ExtentFlags.Hole"/>, <see cref="ExtentFlags.Unwritten"/>,
    /// <see cref="ExtentFlags.Shared"/>, <see cref="ExtentFlags.BadBlock"/>, ...</param>
    public void Set(FileRange range, ExtentFlags flags)
    {
        if (range.Length == 0)
        {
            return;
        }

        using (_gate.Enter())
        {
            // From the extent before the range to the one behind it, so that equal neighbours become one.
            int first = Math.Max(0, IndexOf(range.Offset) - 1);
            int last = Math.Min(_extents.Count - 1, IndexOf(range.End - 1) + 1);
            List<Extent> replaced = [];
            for (int i = first; i <= last; i++)
            {
                Append(replaced, _extents[i].Offset, Math.Min(_extents[i].End, range.Offset), _extents[i].Flags);
            }

            Append(replaced, range.Offset, range.End, flags);
            for (int i = first; i <= last; i++)
            {
                Append(replaced, Math.Max(_extents[i].Offset, range.End), _extents[i].End, _extents[i].Flags);
            }

            _extents.RemoveRange(first, last - first + 1);
            _extents.InsertRange(first, replaced);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException"><paramref name="extents"/> is empty.</exception>
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

        using (_gate.Enter())
        {
            int count = 0;
            for (int i = IndexOf(range.Offset); i < _extents.Count && _extents[i].Offset < range.End && count < extents.Length; i++)
            {
                extents.Span[count++] = _extents[i];
            }

            return count;
        }
    }

    /// <summary>The extent that holds a byte.</summary>
    private int IndexOf(long offset)
    {
        int low = 0;
        int high = _extents.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _extents[middle].Offset <= offset ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    private static void Append(List<Extent> extents, long start, long end, ExtentFlags flags)
    {
        if (start >= end)
        {
            return;
        }

        if (extents.Count > 0 && extents[^1].Flags == flags)
        {
            start = extents[^1].Offset;
            extents.RemoveAt(extents.Count - 1);
        }

        extents.Add(New(start, end, flags));
    }

    private static Extent New(long start, long end, ExtentFlags flags) =>
        new(start, end - start, flags.HasFlag(ExtentFlags.Hole) ? -1 : start, flags);
}
