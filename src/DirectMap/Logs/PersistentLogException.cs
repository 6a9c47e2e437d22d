using DirectMap.Linux;

namespace DirectMap;

/// <summary>A <see cref="PersistentLog"/> refuses something; <see cref="Error"/> says why.</summary>
/// <remarks><see cref="Exception.HResult"/> is the errno.</remarks>
public sealed class PersistentLogException : IOException
{
    /// <param name="error">Why.</param>
    /// <param name="place">Where the log is: its bytes, and the file's path.</param>
    /// <param name="what">What is so.</param>
    /// <param name="remedy">What helps; null for what mostly does.</param>
    /// <param name="innerException">What led to it, or null.</param>
    internal PersistentLogException(
        PersistentLogError error, string place, string what, string? remedy = null, Exception? innerException = null)
        : base($"{place}: {what} ({Errno.NameOf(ErrnoOf(error))}); {remedy ?? RemedyOf(error)}", innerException)
    {
        Error = error;
        HResult = ErrnoOf(error);
    }

    /// <summary>Why.</summary>
    public PersistentLogError Error { get; }

    /// <summary>
    /// How many records a reader has missed: with <see cref="PersistentLogError.Overtaken"/> those that were given up before it came to
    /// them, with <see cref="PersistentLogError.Damaged"/> those that an opening has marked as lost.
    /// </summary>
    /// <remarks>It is 1 or more then, and the next read goes on behind them. It is 0 where it is about something else.</remarks>
    public long Missed { get; internal init; }

    private static int ErrnoOf(PersistentLogError error) => error switch
    {
        PersistentLogError.Full => Errno.ENOSPC,
        PersistentLogError.NotALog => Errno.EINVAL,
        PersistentLogError.Damaged => Errno.EBADMSG,
        PersistentLogError.Detached => Errno.EAGAIN,
        PersistentLogError.Overtaken => Errno.EOVERFLOW,
        PersistentLogError.Taken => Errno.EBUSY,
        PersistentLogError.Replaced => Errno.ESTALE,
        _ => Errno.EIO,
    };

    private static string RemedyOf(PersistentLogError error) => error switch
    {
        PersistentLogError.Full => $"{nameof(PersistentLog)}.{nameof(PersistentLog.Trim)} makes room, and a log that is created with "
            + $"{nameof(PersistentLogOptions)}.{nameof(PersistentLogOptions.IsRing)} makes it by itself",
        PersistentLogError.NotALog => $"{nameof(PersistentLog)}.{nameof(PersistentLog.Create)} makes one",
        PersistentLogError.Damaged => $"{nameof(PersistentLogOptions)}.{nameof(PersistentLogOptions.CutAtDamage)} opens the log with what "
            + "is whole",
        PersistentLogError.Overtaken => "the next read is of the oldest record that is there",
        PersistentLogError.Taken => "it is free when that log is disposed or detached, or its process has ended",
        PersistentLogError.Replaced => $"a new {nameof(PersistentLogFollower)} follows the log that is there then",
        _ => $"{nameof(PersistentLog)}.{nameof(PersistentLog.Attach)}, over a region, goes on",
    };
}
