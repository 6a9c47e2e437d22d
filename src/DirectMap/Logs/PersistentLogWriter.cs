namespace DirectMap;

/// <summary>Whether somebody appends to a <see cref="PersistentLog"/>.</summary>
public enum PersistentLogWriterState
{
    /// <summary>
    /// Nobody: the log was closed (<see cref="PersistentLog.Dispose"/>, <see cref="PersistentLog.Detach"/>), or never opened.
    /// </summary>
    None = 0,

    /// <summary>A log object that has it open, in this process or in another one.</summary>
    Running = 1,

    /// <summary>Nobody, and the log was not closed: its process was killed, or the machine went down.</summary>
    /// <remarks>
    /// Records may be whole that are not known to be durable; the next opening decides. On the portable backing it is also a process that
    /// cannot be seen from here.
    /// </remarks>
    Ended = 2,
}

/// <summary>Who appends to a log, as a <see cref="PersistentLogFollower"/> sees it.</summary>
/// <param name="State">Whether anybody does.</param>
/// <param name="Instance">
/// A random number of this opening or <see cref="PersistentLog.Attach"/>, 1 or more, so that a writer that was started again has another
/// one; 0 with <see cref="PersistentLogWriterState.None"/>.
/// </param>
/// <param name="Process">Which process it is, in words, for messages; null where it is not known.</param>
public readonly record struct PersistentLogWriter(PersistentLogWriterState State, ulong Instance, string? Process);
