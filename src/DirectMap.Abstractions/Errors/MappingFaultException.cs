namespace DirectMap;

/// <summary>
/// An access to a mapping met the mapping's end: what was read may not be the file's content, what was written may or may not have reached the file.
/// It stands where an access beyond a truncation made through this library would end the process with SIGBUS. <see cref="Exception.HResult"/> is the errno (EIO).
/// </summary>
public sealed class MappingFaultException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="cause">Why the access failed.</param>
    /// <param name="access">What was attempted.</param>
    /// <param name="range">The bytes in the file.</param>
    /// <param name="leaseBreak">The break that led to it, or null.</param>
    /// <param name="extent">The extent that holds the first byte at the time of the report, or null where it could not be read.</param>
    public MappingFaultException(string path, FaultCause cause, FaultAccess access, FileRange range, LeaseBreak? leaseBreak = null, Extent? extent = null)
        : base($"'{path}', bytes {range}: nothing is known of this {access}, the mapping was {Describe(cause)}{(leaseBreak is null ? "" : $" by {leaseBreak}")} (EIO)")
    {
        Path = path;
        Cause = cause;
        Access = access;
        Range = range;
        Break = leaseBreak;
        Extent = extent;
        HResult = ErrorNumbers.EIO;
    }

    /// <summary>The file's path as it was opened.</summary>
    public string Path { get; }

    /// <summary>Why the access failed.</summary>
    public FaultCause Cause { get; }

    /// <summary>What was attempted.</summary>
    public FaultAccess Access { get; }

    /// <summary>The bytes in the file: offset of the first one and how many.</summary>
    public FileRange Range { get; }

    /// <summary>The lease break that led to it; null for other causes.</summary>
    public LeaseBreak? Break { get; }

    /// <summary>The extent that held the first byte when the fault was reported (after the breaker, if it went on by then); null where it could not be read.</summary>
    public Extent? Extent { get; }

    private static string Describe(FaultCause cause) => cause switch
    {
        FaultCause.Revoked => "revoked",
        FaultCause.BeyondEndOfFile => "left behind by the end of the file",
        _ => cause.ToString(),
    };
}
