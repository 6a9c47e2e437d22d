namespace DirectMap;

/// <summary>The block map of one file: which bytes have blocks, and in what state.</summary>
/// <remarks>Several threads may ask at once, so implementations must be safe for any thread.</remarks>
public interface IBlockMap
{
    /// <summary>
    /// Fills <paramref name="extents"/> with the extents from <paramref name="range"/>'s first byte on, in order and without gaps: holes
    /// are reported as extents with <see cref="ExtentFlags.Hole"/>.
    /// </summary>
    /// <remarks>The first may begin before the range, the last may end after it. To go on, call again from the last extent's end.</remarks>
    /// <param name="range">The bytes asked for.</param>
    /// <param name="extents">Where to put them; at least one.</param>
    /// <returns>How many were put, at most as many as there is room for; 0 only when <paramref name="range"/> is empty.</returns>
    /// <exception cref="IOException">The block map could not be read.</exception>
    int GetExtents(FileRange range, Memory<Extent> extents);
}
