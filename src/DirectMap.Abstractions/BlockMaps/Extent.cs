namespace DirectMap;

/// <summary>A run of a file's bytes in one state.</summary>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="PhysicalOffset">Where it begins on the device, in bytes; -1 where that is not known.</param>
/// <param name="Flags">Its state.</param>
public readonly record struct Extent(long Offset, long Length, long PhysicalOffset, ExtentFlags Flags)
{
    /// <summary>The byte after the last one.</summary>
    public long End => Offset + Length;
}
