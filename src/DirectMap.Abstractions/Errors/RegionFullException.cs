namespace DirectMap;

/// <summary>More bytes were written to a writer than there are up to its end (ENOSPC).</summary>
/// <remarks>
/// Nothing was written or advanced by the call that threw. What was advanced before can be flushed. <see cref="Exception.HResult"/> is the
/// errno.
/// </remarks>
public sealed class RegionFullException : IOException
{
    /// <summary>Creates the exception; <see cref="Exception.Message"/> is made of what it is given.</summary>
    public RegionFullException() => HResult = ErrorNumbers.ENOSPC;

    /// <summary>The file's path as it was opened.</summary>
    public required string Path { get; init; }

    /// <summary>Where the writer stands, in bytes from the region's first one; 0 or more.</summary>
    public required long Position { get; init; }

    /// <summary>How many bytes were to be written; 1 or more.</summary>
    public required long Needed { get; init; }

    /// <summary>How many bytes there are up to the writer's end; 0 or more, less than <see cref="Needed"/>.</summary>
    public required long Available { get; init; }

    /// <summary>How many bytes were to be written where, how many there are, and the errno's name.</summary>
    public override string Message =>
        $"'{Path}': {Needed} bytes are to be written at {Position} of the region, and the writer ends {Available} bytes further on "
        + "(ENOSPC)";
}
