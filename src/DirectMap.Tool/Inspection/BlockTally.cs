namespace DirectMap.Tool.Inspection;

/// <summary>Adds up extents as they come, so that it takes no more memory for more of them.</summary>
internal sealed class BlockTally
{
    private readonly long _length;
    private readonly Cell[] _cells;
    private readonly long[] _bytes = new long[BlockKinds.Count];
    private Extent? _last;
    private long _fragments;
    private bool _isPlaceUnknown;

    /// <param name="length">The file's length in bytes.</param>
    /// <param name="cells">How fine the picture may be; it is never finer than a page.</param>
    internal BlockTally(long length, int cells)
    {
        long pages = (long)(((UInt128)length + (uint)Environment.SystemPageSize - 1) / (uint)Environment.SystemPageSize);
        _length = length;
        _cells = new Cell[(int)Math.Min(cells, pages)];
        for (int i = 0; i < _cells.Length; i++)
        {
            _cells[i] = new Cell();
        }
    }

    /// <summary>Adds up a whole file.</summary>
    internal static BlockSummary Of(DirectFile file, in FileFacts backing, long length, int cells, CancellationToken cancellationToken)
    {
        BlockTally tally = new(length, cells);
        foreach (Extent extent in file.GetExtents(new FileRange(0, length)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            tally.Add(extent, BlockKinds.Of(backing, extent));
        }

        return tally.Sum();
    }

    /// <summary>Adds the next extent.</summary>
    internal void Add(in Extent extent, BlockKind kind)
    {
        long start = Math.Max(0, extent.Offset);
        long end = Math.Min(extent.End, _length);
        if (start >= end)
        {
            return;
        }

        _bytes[(int)kind] += end - start;
        bool hasBlocks = kind != BlockKind.Hole;
        if (hasBlocks)
        {
            CountFragment(extent, start);
        }

        for (int i = CellOf(start); i < _cells.Length && StartOf(i) < end; i++)
        {
            _cells[i].Add(kind, Math.Min(end, StartOf(i + 1)) - Math.Max(start, StartOf(i)), hasBlocks ? _fragments : 0);
        }
    }

    internal BlockSummary Sum() => new(_bytes, _isPlaceUnknown ? null : _fragments, [.. _cells.Select(cell => cell.Look())]);

    private void CountFragment(in Extent extent, long start)
    {
        _isPlaceUnknown |= extent.PhysicalOffset < 0;
        bool goesOn = _last is { } last && last.End == extent.Offset && last.PhysicalOffset + last.Length == extent.PhysicalOffset;
        if (!_isPlaceUnknown && !goesOn)
        {
            _fragments++;
            _cells[CellOf(start)].FragmentStarts++;
        }

        _last = extent;
    }

    private long StartOf(int cell) => (long)((UInt128)_length * (uint)cell / (uint)_cells.Length);

    private int CellOf(long offset)
    {
        int cell = (int)((UInt128)offset * (uint)_cells.Length / (UInt128)_length);
        return cell + 1 < _cells.Length && StartOf(cell + 1) <= offset ? cell + 1 : cell; // Both are rounded down.
    }

    private sealed class Cell
    {
        private readonly long[] _bytes = new long[BlockKinds.Count];
        private long _firstFragment;

        internal int FragmentStarts { get; set; }

        internal void Add(BlockKind kind, long bytes, long fragment)
        {
            _bytes[(int)kind] += bytes;
            _firstFragment = _firstFragment == 0 ? fragment : _firstFragment;
        }

        internal BlockCell Look()
        {
            int most = 0;
            int next = -1;
            for (int kind = 1; kind < _bytes.Length; kind++)
            {
                if (_bytes[kind] > _bytes[most])
                {
                    (next, most) = (most, kind);
                }
                else if (_bytes[kind] > 0 && (next < 0 || _bytes[kind] > _bytes[next]))
                {
                    next = kind;
                }
            }

            BlockKind? other = next >= 0 && _bytes[next] > 0 ? (BlockKind)next : null;
            return new BlockCell((BlockKind)most, other, FragmentStarts, _firstFragment > 0 && _firstFragment % 2 == 0);
        }
    }
}
