namespace DirectMap;

/// <summary>
/// More bytes were written to a writer than there are up to its end. Nothing was written or advanced by the call that threw; what was
/// advanced before can be flushed. <see cref="Exception.HResult"/> is ENOSPC.
/// </summary>
public sealed class RegionFullException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="position">Where the writer stands, in bytes from the region's first one; 0 or more.</param>
    /// <param name="needed">How many bytes were to be written; 1 or more.</param>
    /// <param name="available">How many bytes there are; 0 or more.</param>
    public RegionFullException(string path, long position, long needed, long available)
        : base(
            $"'{path}': {needed} bytes are to be written at {position} of the region, and the writer ends {available} "
                + "bytes further on (ENOSPC)")
    {
        Path = path;
        Position = position;
        Needed = needed;
        Available = available;
        HResult = ErrorNumbers.ENOSPC;
    }

    /// <summary>The file's path as it was opened.</summary>
    public string Path { get; }

    /// <summary>Where the writer stands, in bytes from the region's first one; 0 or more.</summary>
    public long Position { get; }

    /// <summary>How many bytes were to be written; 1 or more.</summary>
    public long Needed { get; }

    /// <summary>How many bytes there are up to the writer's end; 0 or more, less than <see cref="Needed"/>.</summary>
    public long Available { get; }
}
