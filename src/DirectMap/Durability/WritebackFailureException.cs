namespace DirectMap;

/// <summary>Bytes of the file did not reach its device: now, or at an earlier sync of it.</summary>
/// <remarks>
/// <see cref="DirectFile.AcknowledgeWritebackFailure"/> says what to do. <see cref="Exception.HResult"/> is the errno (EIO, ENOSPC,
/// EDQUOT).
/// </remarks>
public sealed class WritebackFailureException : IOException
{
    internal WritebackFailureException(WritebackFailure failure, string message, bool isAcknowledged)
        : base(message)
    {
        Failure = failure;
        IsAcknowledged = isAcknowledged;
        HResult = failure.Errno;
    }

    /// <summary>The failure; to be given to <see cref="DirectFile.AcknowledgeWritebackFailure"/>.</summary>
    public WritebackFailure Failure { get; }

    /// <summary>Whether somebody has acknowledged it already.</summary>
    /// <remarks>It is told once more because only its receiver knows which bytes it had written: write them again and persist.</remarks>
    public bool IsAcknowledged { get; }
}
