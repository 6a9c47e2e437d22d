namespace DirectMap;

/// <summary>A run of a file's bytes in one state.</summary>
/// <param name="Offset">First byte in the file; 0 or more.</param>
/// <param name="Length">Length in bytes; positive.</param>
/// <param name="PhysicalOffset">Where it begins on the device, in bytes (fe_physical); 0 or more, -1 where that is not known.</param>
/// <param name="Flags">Its state.</param>
public readonly record struct Extent(long Offset, long Length, long PhysicalOffset, ExtentFlags Flags)
{
    /// <summary>
    /// The byte after the last one: <see cref="Offset"/> + <see cref="Length"/>; at most <see cref="long.MaxValue"/> in what
    /// a block map reports.
    /// </summary>
    public long End => Offset + Length;

    /// <summary>
    /// Returns the bytes, their state and where they begin on the device, for messages: <c>[0, 4096) Unwritten at 1048576</c>.
    /// </summary>
    public override string ToString() => $"[{Offset}, {End}) {Flags}{(PhysicalOffset < 0 ? "" : $" at {PhysicalOffset}")}";
}
