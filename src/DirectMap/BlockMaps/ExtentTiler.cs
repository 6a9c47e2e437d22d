namespace DirectMap.BlockMaps;

/// <summary>Turns extents as they come, in order, into a gapless run of extents: what lies between them are holes.</summary>
internal ref struct ExtentTiler(FileRange range, Span<Extent> extents)
{
    private readonly Span<Extent> _extents = extents;
    private readonly long _end = range.End;
    private long _position = range.Offset;

    internal int Count { get; private set; }

    /// <summary>What is not covered yet.</summary>
    internal readonly FileRange Rest => new(_position, _end - _position);

    internal readonly bool IsDone => _position >= _end || Count == _extents.Length;

    internal void Add(long offset, long length, long physicalOffset, ExtentFlags flags)
    {
        // The last block of the longest file ends one byte behind what an offset can say.
        length = Math.Min(length, long.MaxValue - offset);
        if (offset > _position)
        {
            Put(new Extent(_position, Math.Min(offset, _end) - _position, -1, ExtentFlags.Hole));
        }

        if (offset + length > _position)
        {
            Put(new Extent(offset, length, physicalOffset, flags));
        }
    }

    internal void AddHoleToEnd() => Put(new Extent(_position, _end - _position, -1, ExtentFlags.Hole));

    private void Put(Extent extent)
    {
        if (!IsDone)
        {
            _extents[Count++] = extent;
            _position = extent.End;
        }
    }
}
