namespace DirectMap;

/// <summary>A <see cref="PersistentLog"/> refuses something; <see cref="Error"/> says why.</summary>
/// <remarks><see cref="Exception.HResult"/> is the errno.</remarks>
public sealed class PersistentLogException : IOException
{
    internal PersistentLogException(PersistentLogError error, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        HResult = error switch
        {
            PersistentLogError.Full => 28, // ENOSPC
            PersistentLogError.NotALog => 22, // EINVAL
            PersistentLogError.Damaged => 74, // EBADMSG
            PersistentLogError.Detached => 11, // EAGAIN
            PersistentLogError.Overtaken => 75, // EOVERFLOW
            PersistentLogError.Taken => 16, // EBUSY
            PersistentLogError.Replaced => 116, // ESTALE
            _ => 5, // EIO
        };
    }

    /// <summary>Why.</summary>
    public PersistentLogError Error { get; }

    /// <summary>
    /// How many records a reader has missed: with <see cref="PersistentLogError.Overtaken"/> those that were given up before it came to
    /// them, with <see cref="PersistentLogError.Damaged"/> those that an opening has marked as lost.
    /// </summary>
    /// <remarks>It is 1 or more then, and the next read goes on behind them. It is 0 where it is about something else.</remarks>
    public long Missed { get; internal init; }
}
