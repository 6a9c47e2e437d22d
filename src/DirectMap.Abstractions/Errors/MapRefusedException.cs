namespace DirectMap;

/// <summary>A mapping (or the preparation for one) was refused before anything was done (EOPNOTSUPP).</summary>
/// <remarks><see cref="Exception.HResult"/> is the errno.</remarks>
public sealed class MapRefusedException : NotSupportedException
{
    /// <summary>Creates the exception; <see cref="Exception.Message"/> is made of what it is given.</summary>
    public MapRefusedException() => HResult = ErrorNumbers.EOPNOTSUPP;

    /// <summary>The file's path as it was opened.</summary>
    public required string Path { get; init; }

    /// <summary>The bytes of the file that were to be mapped.</summary>
    public required FileRange Range { get; init; }

    /// <summary>Why not.</summary>
    public required RefusalReason Reason { get; init; }

    /// <summary>A sentence that says more, as the fault policy gave it, and without path and reason; null for none.</summary>
    public string? Detail { get; init; }

    /// <summary>The extent that stands in the way; null when it is the file as a whole.</summary>
    public Extent? Extent { get; init; }

    /// <summary>Which bytes of which file were refused, why, and the errno's name.</summary>
    public override string Message
    {
        get
        {
            string where = Extent is { } e ? $" at [{e.Offset}, {e.End}) (flags {e.Flags})" : "";
            return $"'{Path}', bytes {Range}: mapping refused, {Reason}{where}{(Detail is null ? "" : ": " + Detail)} (EOPNOTSUPP)";
        }
    }
}
