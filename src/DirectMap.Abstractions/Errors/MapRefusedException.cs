namespace DirectMap;

/// <summary>
/// A mapping (or the preparation for one) was refused before anything was done (EOPNOTSUPP). <see cref="Exception.HResult"/> is the errno.
/// </summary>
public sealed class MapRefusedException : NotSupportedException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="range">The bytes that were to be mapped.</param>
    /// <param name="reason">Why not.</param>
    /// <param name="detail">A sentence that says more, or null.</param>
    /// <param name="extent">The extent that stands in the way, or null when it is the file as a whole.</param>
    public MapRefusedException(string path, FileRange range, RefusalReason reason, string? detail = null, Extent? extent = null)
        : base(Describe(path, range, reason, detail, extent))
    {
        Path = path;
        Range = range;
        Reason = reason;
        Detail = detail;
        Extent = extent;
        HResult = ErrorNumbers.EOPNOTSUPP;
    }

    /// <summary>The file's path as it was opened.</summary>
    public string Path { get; }

    /// <summary>The bytes that were to be mapped.</summary>
    public FileRange Range { get; }

    /// <summary>Why not.</summary>
    public RefusalReason Reason { get; }

    /// <summary>A sentence that says more, as the fault policy gave it, and without path and reason; null for none.</summary>
    public string? Detail { get; }

    /// <summary>The extent that stands in the way; null when it is the file as a whole.</summary>
    public Extent? Extent { get; }

    private static string Describe(string path, FileRange range, RefusalReason reason, string? detail, Extent? extent)
    {
        string where = extent is { } e ? $" at [{e.Offset}, {e.End}) (flags {e.Flags})" : "";
        return $"'{path}', bytes {range}: mapping refused, {reason}{where}{(detail is null ? "" : ": " + detail)} (EOPNOTSUPP)";
    }
}
