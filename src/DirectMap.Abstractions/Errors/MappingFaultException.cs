namespace DirectMap;

/// <summary>
/// An access to a mapping met the mapping's end, or a page that the kernel could not provide (what was read may not be the file's content,
/// what was written may or may not have reached the file), or was refused before it was made; <see cref="Cause"/> says which. It stands
/// where an access beyond a truncation, to a full disk or to a bad block would end the process with SIGBUS.
/// <see cref="Exception.HResult"/> is the errno.
/// </summary>
public sealed class MappingFaultException : IOException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="cause">Why the access failed.</param>
    /// <param name="access">What was attempted.</param>
    /// <param name="range">The bytes in the file.</param>
    /// <param name="leaseBreak">The break that led to it, or null.</param>
    /// <param name="extent">The extent that holds the first byte, as it was when the fault was looked into; null beyond the end of the
    /// file, and where it could not be read.</param>
    /// <param name="refusal">Why the fault policy refused it.</param>
    /// <param name="detail">A sentence that says more, or null.</param>
    /// <param name="innerException">The cause, or null.</param>
    /// <param name="lost">The bytes of the pages that the kernel could not provide; null where it is not about pages.</param>
    public MappingFaultException(
        string path,
        FaultCause cause,
        FaultAccess access,
        FileRange range,
        LeaseBreak? leaseBreak = null,
        Extent? extent = null,
        RefusalReason refusal = RefusalReason.None,
        string? detail = null,
        Exception? innerException = null,
        FileRange? lost = null)
        : base(Describe(path, cause, access, range, leaseBreak, refusal, detail, lost), innerException)
    {
        Path = path;
        Cause = cause;
        Access = access;
        Range = range;
        Break = leaseBreak;
        Extent = extent;
        Refusal = refusal;
        Lost = lost;
        HResult = cause switch
        {
            FaultCause.Refused => ErrorNumbers.EOPNOTSUPP,
            FaultCause.LayoutLeased => innerException?.HResult ?? ErrorNumbers.EAGAIN,
            FaultCause.NoSpace => ErrorNumbers.ENOSPC,
            _ => ErrorNumbers.EIO,
        };
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

    /// <summary>
    /// The extent that was refused; or the one that held the first byte in question when the fault was looked into: after the breaker, if
    /// the mapping was revoked and it went on by then; for lost pages, that of the first of them. For an access to a region that is out of
    /// use after a fault, as it was at the first access after that. Null beyond the end of the file, and where it could not be read.
    /// </summary>
    public Extent? Extent { get; }

    /// <summary>Why the fault policy refused the access; <see cref="RefusalReason.None"/> for other causes.</summary>
    public RefusalReason Refusal { get; }

    /// <summary>
    /// The bytes of the pages that the kernel could not provide (SIGBUS), as far as the access touched them: the first run of them, however
    /// far a fault reaches. If it touched none, because the fault reaches the whole region, those of the page that was lost first. It
    /// begins on a page boundary. Null for faults that are not about single pages.
    /// </summary>
    public FileRange? Lost { get; }

    private static string Describe(
        string path,
        FaultCause cause,
        FaultAccess access,
        FileRange range,
        LeaseBreak? leaseBreak,
        RefusalReason refusal,
        string? detail,
        FileRange? lost)
    {
        string what = cause switch
        {
            _ when lost is { } pages && pages.Overlaps(range) => $"this {access} met bytes {pages}, {Reason(cause)} ({ErrnoOf(cause)}); "
                + "what was read there is not the file's, and what was written there did not reach it",
            _ when lost is { } pages => $"this {access} came after the region had lost bytes {pages}, {Reason(cause)} ({ErrnoOf(cause)}), "
                + "and is out of use; what was stored to other pages has reached the file",
            FaultCause.Revoked =>
                $"nothing is known of this {access}, the mapping was revoked{(leaseBreak is null ? "" : $" by {leaseBreak}")} (EIO)",
            FaultCause.BeyondEndOfFile => $"nothing is known of this {access}, the mapping was left behind by the end of the file (EIO)",
            FaultCause.Refused => $"this {access} was refused, {refusal} (EOPNOTSUPP)",
            FaultCause.LayoutLeased => $"this {access} would have changed the block map, on which somebody holds a lease; it was not made",
            FaultCause.NoSpace => $"this {access} needs blocks and there is no space; it was not made (ENOSPC)",
            FaultCause.Unknown => $"this {access} needs blocks that the file system could not make ready; it was not made (EIO)",
            _ => $"this {access} failed, {cause} (EIO)",
        };
        return $"'{path}', bytes {range}: {what}{(detail is null ? "" : ": " + detail)}";
    }

    private static string ErrnoOf(FaultCause cause) => cause == FaultCause.NoSpace ? "ENOSPC" : "EIO";

    private static string Reason(FaultCause cause) => cause switch
    {
        FaultCause.BeyondEndOfFile => "which the file no longer has",
        FaultCause.NoSpace => "for which the file system has no space",
        FaultCause.BadBlock => "which the medium has lost",
        _ => "which the kernel could not provide",
    };
}
