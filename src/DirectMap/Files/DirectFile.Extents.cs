namespace DirectMap;

/// <content>The block map.</content>
public sealed partial class DirectFile
{
    /// <summary>
    /// The block map up to the end of the file as it is at the call: the last extent is cut there, whatever the file system has allocated
    /// behind it.
    /// </summary>
    /// <remarks>Otherwise it is as <see cref="GetExtents(FileRange)"/>.</remarks>
    /// <inheritdoc cref="GetExtents(FileRange)"/>
    public IEnumerable<Extent> GetExtents() => _extents.Enumerate(new FileRange(0, Length), isCut: true);

    /// <summary>
    /// The block map of some bytes (FIEMAP with FIEMAP_FLAG_SYNC, or SEEK_DATA and SEEK_HOLE where there is no FIEMAP), in order and
    /// without gaps: holes are extents with <see cref="ExtentFlags.Hole"/>.
    /// </summary>
    /// <remarks>
    /// The first may begin before the range and the last end after it, since file systems allocate in blocks. It is read piece by piece
    /// while it is enumerated, so it takes no more memory for more extents; hold a lease (<see cref="AcquireLease"/>) to read a map that
    /// does not change meanwhile. What is dirty in memory is written first, so that it has blocks. It breaks no lease.
    /// </remarks>
    /// <param name="range">The bytes; also beyond the end of the file, where blocks may have been allocated.</param>
    /// <returns>The extents.</returns>
    /// <exception cref="InvalidOperationException">While enumerating: a block map of the user's own
    /// (<see cref="DirectFileOptions.BlockMap"/>) does not do what <see cref="IBlockMap.GetExtents"/> promises.</exception>
    /// <exception cref="IOException">While enumerating: the block map could not be read.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed; also while enumerating.</exception>
    public IEnumerable<Extent> GetExtents(FileRange range) => _extents.Enumerate(range, isCut: false);
}
