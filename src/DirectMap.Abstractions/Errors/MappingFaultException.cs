namespace DirectMap;

/// <summary>
/// An access to a mapping met the mapping's end, or a page that the kernel could not provide, or was refused before it was made;
/// <see cref="Cause"/> says which.
/// </summary>
/// <remarks>
/// It stands where an access beyond a truncation, to a full disk or to a bad block would end the process with SIGBUS. What was read may not
/// be the file's content, and what was written may or may not have reached the file. <see cref="Exception.HResult"/> is the errno.
/// </remarks>
public sealed class MappingFaultException : IOException
{
    private readonly FaultCause _cause;

    /// <summary>Creates the exception; <see cref="Exception.Message"/> is made of what it is given.</summary>
    public MappingFaultException()
    {
    }

    /// <inheritdoc cref="MappingFaultException()"/>
    /// <param name="innerException">What led to it, or null.</param>
    public MappingFaultException(Exception? innerException)
        : base(null, innerException)
    {
    }

    /// <summary>The file's path as it was opened.</summary>
    public required string Path { get; init; }

    /// <summary>Why the access failed.</summary>
    public required FaultCause Cause
    {
        get => _cause;
        init
        {
            _cause = value;
            HResult = value switch
            {
                FaultCause.Refused => ErrorNumbers.EOPNOTSUPP,
                FaultCause.LayoutLeased => InnerException?.HResult ?? ErrorNumbers.EAGAIN,
                FaultCause.NoSpace => ErrorNumbers.ENOSPC,
                _ => ErrorNumbers.EIO,
            };
        }
    }

    /// <summary>What was attempted.</summary>
    public required FaultAccess Access { get; init; }

    /// <summary>The bytes in the file: offset of the first one and how many.</summary>
    public required FileRange Range { get; init; }

    /// <summary>The lease break that led to it; null for other causes.</summary>
    public LeaseBreak? Break { get; init; }

    /// <summary>The change of the file that led to it; null for other causes.</summary>
    public Trespass? Trespass { get; init; }

    /// <summary>The extent that was refused, or the one that held the first byte in question; null where there is none.</summary>
    /// <remarks>
    /// It is the extent as it was when the fault was looked into: after the breaker, if the mapping was revoked and the breaker went on by
    /// then. For lost pages it is that of the first of them. For an access to a region that is out of use after a fault, it is as it was at
    /// the first access after that. It is null beyond the end of the file, and where it could not be read.
    /// </remarks>
    public Extent? Extent { get; init; }

    /// <summary>Why the fault policy refused the access; <see cref="RefusalReason.None"/> for other causes.</summary>
    public RefusalReason Refusal { get; init; }

    /// <summary>
    /// The bytes of the pages that the kernel could not provide (SIGBUS), as far as the access touched them; null for other faults.
    /// </summary>
    /// <remarks>
    /// They are the first run of them, however far a fault reaches. If the access touched none, because the fault reaches the whole region,
    /// they are those of the page that was lost first. They begin on a page boundary. It is null for faults that are not about single
    /// pages.
    /// </remarks>
    public FileRange? Lost { get; init; }

    /// <summary>A sentence that says more, and is part of the message; null for none.</summary>
    public string? Detail { get; init; }

    /// <summary>What was attempted on which bytes, what became of it, and why.</summary>
    public override string Message => $"'{Path}', bytes {Range}: {Describe()}{(Detail is null ? "" : ": " + Detail)}";

    private string Describe() => Cause switch
    {
        _ when Lost is { } pages && pages.Overlaps(Range) => $"this {Access} met bytes {pages}, {Reason(Cause)} ({ErrnoOf(Cause)}); "
            + "what was read there is not the file's, and what was written there did not reach it",
        _ when Lost is { } pages => $"this {Access} came after the region had lost bytes {pages}, {Reason(Cause)} ({ErrnoOf(Cause)}), "
            + "and is out of use; what was stored to other pages has reached the file",
        FaultCause.Revoked =>
            $"nothing is known of this {Access}, the mapping was revoked{(Break is null ? "" : $" by {Break}")} (EIO); map the file again",
        FaultCause.Trespass => $"nothing is known of this {Access}, the mapping was revoked since {Trespass} (EIO); map the file again",
        FaultCause.ProtectionLost =>
            $"nothing is known of this {Access}, the mapping was revoked since the file is not protected as it was required to be (EIO)",
        FaultCause.BeyondEndOfFile => $"nothing is known of this {Access}, the mapping was left behind by the end of the file (EIO)",
        FaultCause.Refused => $"this {Access} was refused, {Refusal} (EOPNOTSUPP)",
        FaultCause.LayoutLeased => $"this {Access} would have changed the block map, on which somebody holds a lease; it was not made",
        FaultCause.NoSpace => $"this {Access} needs blocks and there is no space; it was not made (ENOSPC)",
        FaultCause.Unknown => $"this {Access} needs blocks that the file system could not make ready; it was not made (EIO)",
        _ => $"this {Access} failed, {Cause} (EIO)",
    };

    private static string ErrnoOf(FaultCause cause) => cause == FaultCause.NoSpace ? "ENOSPC" : "EIO";

    private static string Reason(FaultCause cause) => cause switch
    {
        FaultCause.BeyondEndOfFile => "which the file no longer has",
        FaultCause.NoSpace => "for which the file system has no space",
        FaultCause.BadBlock => "which the medium has lost",
        _ => "which the kernel could not provide",
    };
}
