namespace DirectMap.Leases;

/// <summary>
/// The ranges of the breakers that wait, themselves or through others, for a right that one owner holds: disjoint ones, in order. An
/// operation of that owner that touched them would wait for itself.
/// </summary>
internal sealed class StuckRanges
{
    private readonly List<FileRange> _ranges = [];

    internal bool Overlaps(FileRange range)
    {
        int at = FirstEndingBehind(range.Offset);
        return at < _ranges.Count && _ranges[at].Overlaps(range);
    }

    internal void Add(FileRange range)
    {
        if (range.Length == 0)
        {
            return;
        }

        int first = FirstEndingBehind(range.Offset), behind = first;
        long start = range.Offset, end = range.End;
        while (behind < _ranges.Count && _ranges[behind].Offset < range.End)
        {
            start = Math.Min(start, _ranges[behind].Offset);
            end = Math.Max(end, _ranges[behind].End);
            behind++;
        }

        FileRange joined = new(start, end - start);
        if (behind == first)
        {
            _ranges.Insert(first, joined);
        }
        else
        {
            _ranges[first] = joined;
            _ranges.RemoveRange(first + 1, behind - first - 1);
        }
    }

    private int FirstEndingBehind(long offset)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].End > offset)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
