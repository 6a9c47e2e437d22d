namespace DirectMap;

/// <summary>Why a <see cref="PersistentLog"/> refuses something.</summary>
public enum PersistentLogError
{
    /// <summary>There is no room for the record (ENOSPC).</summary>
    /// <remarks>Nothing was stored. <see cref="PersistentLog.Trim"/> makes room.</remarks>
    Full = 0,

    /// <summary>In this range there is no log of this format, or one of another length (EINVAL).</summary>
    /// <remarks>
    /// The message names the version of another format. With <see cref="PersistentLog.OpenOrCreate"/> there is none, and something else
    /// than zeros is there.
    /// </remarks>
    NotALog = 1,

    /// <summary>
    /// A record that was durable is not whole, or both slots of the header are not, or a newer state of the header is lost (EBADMSG).
    /// </summary>
    /// <remarks>
    /// For a reader <see cref="PersistentLogException.Missed"/> says how many records are lost where an opening has marked them as lost.
    /// </remarks>
    Damaged = 2,

    /// <summary>
    /// Another append or trim has failed, before or in the same persist (EIO): <see cref="Exception.InnerException"/> says how.
    /// </summary>
    /// <remarks><see cref="PersistentLog.Attach"/> goes on.</remarks>
    Failed = 3,

    /// <summary>The log has let go of its region (EAGAIN): <see cref="PersistentLog.Attach"/> goes on.</summary>
    Detached = 4,

    /// <summary>
    /// Records were given up before the reader came to them (EOVERFLOW): <see cref="PersistentLogException.Missed"/> says how many.
    /// </summary>
    /// <remarks>The next read is of the oldest one that is there.</remarks>
    Overtaken = 5,

    /// <summary>Somebody else appends to the log (EBUSY): another log object of this process, or another process.</summary>
    /// <remarks>
    /// The message names it. Nothing was stored. It is over when that one has disposed or detached its log, or its process has ended,
    /// however it did.
    /// </remarks>
    Taken = 6,

    /// <summary>For a <see cref="PersistentLogFollower"/>: the log that it followed is not there any more (ESTALE).</summary>
    /// <remarks>Another one was made in its place, or is being made.</remarks>
    Replaced = 7,
}
