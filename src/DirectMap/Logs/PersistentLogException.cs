namespace DirectMap;

/// <summary>
/// A <see cref="PersistentLog"/> refuses something; <see cref="Error"/> says why. <see cref="Exception.HResult"/> is the errno.
/// </summary>
public sealed class PersistentLogException : IOException
{
    internal PersistentLogException(LogError error, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        HResult = error switch
        {
            LogError.Full => 28, // ENOSPC
            LogError.NotALog => 22, // EINVAL
            LogError.Damaged => 74, // EBADMSG
            LogError.Detached => 11, // EAGAIN
            LogError.Overtaken => 75, // EOVERFLOW
            LogError.Taken => 16, // EBUSY
            LogError.Replaced => 116, // ESTALE
            _ => 5, // EIO
        };
    }

    /// <summary>Why.</summary>
    public LogError Error { get; }

    /// <summary>
    /// How many records a reader has missed: with <see cref="LogError.Overtaken"/> those that were given up before it came to them, with
    /// <see cref="LogError.Damaged"/> those that an opening has marked as lost. 1 or more then, and the next read goes on behind them. 0
    /// where it is about something else.
    /// </summary>
    public long Missed { get; internal init; }
}
